package dev.seedbed.adapter.triton;

import dev.seedbed.adapter.triton.protocol.ModelInferRequest;
import dev.seedbed.adapter.triton.protocol.ModelInferResponse;
import dev.seedbed.adapter.triton.protocol.ModelStreamInferResponse;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

/**
 * One {@code ModelStreamInfer} call that serves one request and is closed on its last response, since Triton unloads a model
 * only when no stream is open on it. It takes the deadline of the gRPC context that opened it, but not its cancellation: Triton takes
 * 100 ms to close a stream, for which no caller should wait, and cancelling one that has ended is work for nothing. Who opens a
 * stream cancels it when its caller is gone.
 *
 * <p>gRPC calls the observer's methods one at a time; {@link #cancel} may come from any thread.
 */
public final class DecodeStream implements ClientResponseObserver<ModelInferRequest, ModelStreamInferResponse> {

    private final DecodeListener listener;
    private volatile @Nullable ClientCallStreamObserver<ModelInferRequest> call;
    // Only touched by the observer's methods.
    private boolean finished;
    private boolean failed;

    DecodeStream(DecodeListener listener) {
        this.listener = listener;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ModelInferRequest> call) {
        this.call = call;
    }

    /** Ends the request in the engine within one round. Harmless after the end. */
    public void cancel(String reason) {
        ClientCallStreamObserver<ModelInferRequest> current = call;
        if (current != null) {
            current.cancel(reason, null);
        }
    }

    @Override
    public void onNext(ModelStreamInferResponse message) {
        if (finished || failed) {
            return;
        }
        try {
            if (!message.getErrorMessage().isEmpty()) {
                throw TritonErrors.ofStreamText(message.getErrorMessage());
            }
            read(message.getInferResponse());
        } catch (RuntimeException defect) {
            fail(defect);
            cancel("unreadable response");
        }
    }

    private void read(ModelInferResponse response) {
        DecodeOutput output = DecodeTensors.output(response);
        if (DecodeTensors.isFinal(response)) {
            if (output.finish() == null) {
                throw new AdapterException(ErrorCode.INTERNAL, "last response of the engine without a finish_reason");
            }
            finished = true;
        }
        listener.onOutput(output);
        ClientCallStreamObserver<ModelInferRequest> current = call;
        if (finished && current != null) {
            current.onCompleted();
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (!finished) {
            fail(failure);
        }
    }

    @Override
    public void onCompleted() {
        if (!finished) {
            fail(new AdapterException(
                    ErrorCode.MODEL_UNAVAILABLE, "engine unavailable: it closed the stream before its last response"));
        }
    }

    private void fail(Throwable failure) {
        if (!failed) {
            failed = true;
            listener.onFailure(TritonErrors.of(failure));
        }
    }
}
