package dev.seedbed.adapter;

import dev.seedbed.adapter.triton.protocol.GRPCInferenceServiceGrpc;
import dev.seedbed.adapter.triton.protocol.ModelInferRequest;
import dev.seedbed.adapter.triton.protocol.ModelStreamInferResponse;
import dev.seedbed.adapter.triton.protocol.RepositoryIndexRequest;
import dev.seedbed.adapter.triton.protocol.RepositoryIndexResponse;
import dev.seedbed.adapter.triton.protocol.RepositoryIndexResponse.ModelIndex;
import dev.seedbed.adapter.triton.protocol.RepositoryModelLoadRequest;
import dev.seedbed.adapter.triton.protocol.RepositoryModelLoadResponse;
import dev.seedbed.adapter.triton.protocol.RepositoryModelUnloadRequest;
import dev.seedbed.adapter.triton.protocol.RepositoryModelUnloadResponse;
import dev.seedbed.adapter.triton.protocol.ServerReadyRequest;
import dev.seedbed.adapter.triton.protocol.ServerReadyResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A Triton without a model: real gRPC, and the test plays the backend through {@link FakeTritonStream}. */
public final class FakeTriton extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 120;

    private final Server server;
    private final BlockingQueue<FakeTritonStream> streams = new LinkedBlockingQueue<>();
    private final Map<String, ModelIndex> models = new ConcurrentSkipListMap<>();
    private final Map<String, String> refusals = new ConcurrentHashMap<>();
    private volatile boolean ready = true;
    private volatile Metadata lastHeaders = new Metadata();

    public FakeTriton() {
        this(0);
    }

    public FakeTriton(int port) {
        try {
            server = Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
                    .addService(this)
                    .intercept(new ServerInterceptor() {
                        @Override
                        public <Q, S> ServerCall.Listener<Q> interceptCall(
                                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
                            if (call.getMethodDescriptor()
                                    .equals(GRPCInferenceServiceGrpc.getModelStreamInferMethod())) {
                                lastHeaders = headers;
                            }
                            return next.startCall(call, headers);
                        }
                    })
                    .build()
                    .start();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public int port() {
        return server.getPort();
    }

    public void setReady(boolean ready) {
        this.ready = ready;
    }

    /** Adds a model, or changes what the index says of it. */
    public void setModel(String name, String state, String reason) {
        models.put(
                name,
                ModelIndex.newBuilder()
                        .setName(name)
                        .setVersion("1")
                        .setState(state)
                        .setReason(reason)
                        .build());
    }

    public void refuseToLoad(String name, String reason) {
        refusals.put(name, reason);
    }

    /** The next stream that carries a request, in order of arrival. */
    public FakeTritonStream nextStream() {
        try {
            FakeTritonStream stream = streams.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (stream == null) {
                throw new AssertionError("no stream arrived at the fake Triton");
            }
            return stream;
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** Of the newest stream. */
    public Metadata lastHeaders() {
        return lastHeaders;
    }

    public boolean hasStream() {
        return !streams.isEmpty();
    }

    /** Dies as a killed process does: every connection is cut. */
    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Override
    public StreamObserver<ModelInferRequest> modelStreamInfer(StreamObserver<ModelStreamInferResponse> responses) {
        FakeTritonStream stream = new FakeTritonStream((ServerCallStreamObserver<ModelStreamInferResponse>) responses);
        return new StreamObserver<>() {
            private @Nullable ModelInferRequest request;

            @Override
            public void onNext(ModelInferRequest message) {
                if (request != null) {
                    responses.onError(Status.INVALID_ARGUMENT
                            .withDescription("second request on one stream")
                            .asException());
                    return;
                }
                request = message;
                stream.accept(message);
                streams.add(stream);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {
                stream.halfClosed();
            }
        };
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> response) {
        answer(response, ServerReadyResponse.newBuilder().setReady(ready).build());
    }

    @Override
    public void repositoryIndex(RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> response) {
        answer(
                response,
                RepositoryIndexResponse.newBuilder()
                        .addAllModels(models.values())
                        .build());
    }

    @Override
    public void repositoryModelLoad(
            RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> response) {
        String name = request.getModelName();
        String refusal = refusals.get(name);
        if (refusal != null) {
            setModel(name, "UNAVAILABLE", refusal);
            response.onError(Status.INVALID_ARGUMENT.withDescription(refusal).asException());
            return;
        }
        setModel(name, "READY", "");
        answer(response, RepositoryModelLoadResponse.getDefaultInstance());
    }

    @Override
    public void repositoryModelUnload(
            RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> response) {
        setModel(request.getModelName(), "UNAVAILABLE", "unloaded");
        answer(response, RepositoryModelUnloadResponse.getDefaultInstance());
    }

    private static <T> void answer(StreamObserver<T> response, T message) {
        response.onNext(message);
        response.onCompleted();
    }
}
