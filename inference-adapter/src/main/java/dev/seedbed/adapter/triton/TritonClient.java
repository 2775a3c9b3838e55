package dev.seedbed.adapter.triton;

import dev.seedbed.adapter.triton.ModelIndexEntry.State;
import dev.seedbed.adapter.triton.protocol.GRPCInferenceServiceGrpc;
import dev.seedbed.adapter.triton.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.seedbed.adapter.triton.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceStub;
import dev.seedbed.adapter.triton.protocol.RepositoryIndexRequest;
import dev.seedbed.adapter.triton.protocol.RepositoryIndexResponse.ModelIndex;
import dev.seedbed.adapter.triton.protocol.RepositoryModelLoadRequest;
import dev.seedbed.adapter.triton.protocol.RepositoryModelUnloadRequest;
import dev.seedbed.adapter.triton.protocol.ServerReadyRequest;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.stereotype.Component;

/** One Triton server. Thread-safe. Unary calls block; all calls inherit the caller's deadline and cancellation. */
@Component
public class TritonClient {

    private static final Duration INDEX_TIMEOUT = Duration.ofSeconds(5);
    private static final String UNLOADED = "unloaded";

    private final ManagedChannel channel;
    private final GRPCInferenceServiceBlockingStub unary;
    private final GRPCInferenceServiceStub streaming;

    public TritonClient(GrpcChannelFactory channels) {
        channel = channels.createChannel("triton");
        unary = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        streaming = GRPCInferenceServiceGrpc.newStub(channel);
    }

    public boolean isReady(Duration timeout) {
        connectAtOnce();
        try {
            return unary.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .serverReady(ServerReadyRequest.getDefaultInstance())
                    .getReady();
        } catch (StatusRuntimeException unreachable) {
            return false;
        }
    }

    /** Starts a generation; the listener may be called before this returns. The caller cancels the stream when it is of no use. */
    public DecodeStream open(DecodeRequest request, DecodeListener listener) {
        connectAtOnce();
        DecodeStream stream = new DecodeStream(listener);
        GRPCInferenceServiceStub stub = streaming.withDeadline(Context.current().getDeadline());
        Context.current().fork().run(() -> stub.modelStreamInfer(stream).onNext(DecodeTensors.request(request)));
        return stream;
    }

    /** All models that Triton knows, sorted by name. */
    public List<ModelIndexEntry> index() {
        connectAtOnce();
        try {
            return unary
                    .withDeadlineAfter(INDEX_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .repositoryIndex(RepositoryIndexRequest.getDefaultInstance())
                    .getModelsList()
                    .stream()
                    .map(TritonClient::entry)
                    .sorted(Comparator.comparing(ModelIndexEntry::name))
                    .toList();
        } catch (StatusRuntimeException failure) {
            throw TritonErrors.of(failure);
        }
    }

    /** Returns when the model serves. */
    public void load(String name) {
        connectAtOnce();
        try {
            unary.repositoryModelLoad(
                    RepositoryModelLoadRequest.newBuilder().setModelName(name).build());
        } catch (StatusRuntimeException failure) {
            throw refusedUnlessAway(failure);
        }
    }

    /** Returns when the model takes no new requests; running ones finish. */
    public void unload(String name) {
        connectAtOnce();
        try {
            unary.repositoryModelUnload(
                    RepositoryModelUnloadRequest.newBuilder().setModelName(name).build());
        } catch (StatusRuntimeException failure) {
            throw refusedUnlessAway(failure);
        }
    }

    private static AdapterException refusedUnlessAway(StatusRuntimeException failure) {
        return switch (failure.getStatus().getCode()) {
            case UNAVAILABLE, CANCELLED, DEADLINE_EXCEEDED -> TritonErrors.of(failure);
            default ->
                new AdapterException(
                        ErrorCode.FAILED_PRECONDITION,
                        Objects.requireNonNullElse(failure.getStatus().getDescription(), "refused without a reason"),
                        failure);
        };
    }

    private static ModelIndexEntry entry(ModelIndex model) {
        State state = switch (model.getState()) {
            case "READY" -> State.SERVING;
            case "LOADING", "UNLOADING" -> State.CHANGING;
            case "UNAVAILABLE" -> model.getReason().equals(UNLOADED) ? State.UNLOADED : State.REFUSED;
            default -> State.UNLOADED;
        };
        return new ModelIndexEntry(model.getName(), state, model.getReason());
    }

    /** A restarted Triton is found by the next call, not after gRPC's growing back-off of up to two minutes. */
    private void connectAtOnce() {
        if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            channel.resetConnectBackoff();
        }
    }
}
