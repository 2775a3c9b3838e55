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
    private boolean ended;

    GrpcInferenceStream(BlockingClientCall<?, GenerateResponse> call) {
        this.call = call;
    }

    @Override
    public @Nullable InferenceEvent next(Duration patience) throws InterruptedException {
        try {
            var message = call.read(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (message == null) {
                ended = true;
                throw new SeedbedException(
                        ErrorCode.MODEL_UNAVAILABLE, "inference adapter ended a generation without its last message");
            }
            return InferenceWire.event(message);
        } catch (TimeoutException e) {
            return null;
        } catch (StatusException e) {
            ended = true;
            throw AdapterErrors.of(e);
        }
    }

    @Override
    public void close() {
        if (!ended) {
            call.cancel("no reader any more", null);
        }
    }
}
