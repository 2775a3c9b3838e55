package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import dev.seedbed.inference.v1.GenerateResponse;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A streaming call that is read by pulling: gRPC asks the adapter for one message at a time. */
final class GrpcInferenceStream implements InferenceStream {

    private final BlockingClientCall<?, GenerateResponse> call;
    private final InferenceMetrics.Call measured;
    private boolean ended;

    GrpcInferenceStream(BlockingClientCall<?, GenerateResponse> call, InferenceMetrics.Call measured) {
        this.call = call;
        this.measured = measured;
    }

    @Override
    public @Nullable InferenceEvent next(Duration patience) throws InterruptedException {
        try {
            var message = call.read(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (message == null) {
                throw ended(new SeedbedException(
                        ErrorCode.MODEL_UNAVAILABLE, "inference adapter ended a generation without its last message"));
            }
            var event = InferenceWire.event(message);
            measured.event(event);
            return event;
        } catch (TimeoutException e) {
            return null;
        } catch (StatusException e) {
            throw ended(AdapterErrors.of(e));
        }
    }

    private RuntimeException ended(RuntimeException failure) {
        ended = true;
        measured.failed(failure);
        return failure;
    }

    @Override
    public void close() {
        measured.abandoned();
        if (!ended) {
            call.cancel("no reader any more", null);
        }
    }
}
