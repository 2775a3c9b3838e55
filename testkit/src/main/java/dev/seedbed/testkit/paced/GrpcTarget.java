package dev.seedbed.testkit.paced;

import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.Executors;

/** Calls an inference adapter without a gateway, over one channel, as a control plane does. */
final class GrpcTarget implements Target {

    private final ManagedChannel channel;
    private final InferenceServiceGrpc.InferenceServiceBlockingV2Stub stub;
    private final GenerateRequest request;
    private final boolean stream;

    /** @param stream whether the time of the first token counts, else that of the last */
    GrpcTarget(String host, int port, GenerateRequest request, boolean stream) {
        this.channel = NettyChannelBuilder.forAddress(host, port)
                .usePlaintext()
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        this.stub = InferenceServiceGrpc.newBlockingV2Stub(channel);
        this.request = request;
        this.stream = stream;
    }

    @Override
    public long call() throws Exception {
        var call = stub.generate(request);
        var first = 0L;
        while (call.hasNext()) {
            var message = call.read();
            if (message != null && message.hasCommitted() && (first == 0 || !stream)) {
                first = System.nanoTime();
            }
        }
        if (first == 0) {
            throw new CallFailedException("no token in the answer");
        }
        return first;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
