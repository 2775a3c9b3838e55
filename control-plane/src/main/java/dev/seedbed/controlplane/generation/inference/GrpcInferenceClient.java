package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusException;
import java.util.concurrent.TimeUnit;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.stereotype.Component;

/** Calls the adapter over the channel {@code adapter}, in the gRPC context of the calling thread. */
@Component
class GrpcInferenceClient implements InferenceClient {

    private static final long COUNT_TOKENS_SECONDS = 10;

    private final InferenceServiceGrpc.InferenceServiceBlockingV2Stub stub;

    private final InferenceMetrics metrics;

    GrpcInferenceClient(GrpcChannelFactory channels, InferenceMetrics metrics) {
        ManagedChannel channel = channels.createChannel("adapter");
        this.metrics = metrics;
        this.stub = InferenceServiceGrpc.newBlockingV2Stub(channel);
    }

    @Override
    public int countTokens(String modelVersion, Prompt prompt) {
        try {
            return stub.withDeadlineAfter(COUNT_TOKENS_SECONDS, TimeUnit.SECONDS)
                    .countTokens(InferenceWire.countTokens(modelVersion, prompt))
                    .getInputTokens();
        } catch (StatusException e) {
            throw AdapterErrors.of(e);
        }
    }

    @Override
    public InferenceStream generate(Dispatch dispatch) {
        var measured = metrics.start(dispatch);
        var call = stub.withDeadlineAfter(Math.max(0, dispatch.deadline().toNanos()), TimeUnit.NANOSECONDS)
                .generate(InferenceWire.generate(dispatch));
        return new GrpcInferenceStream(call, measured);
    }
}
