package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.ModelRepository;
import dev.seedbed.adapter.model.ModelVersions;
import dev.seedbed.adapter.triton.TritonClient;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.inference.v1.CountTokensRequest;
import dev.seedbed.inference.v1.CountTokensResponse;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import dev.seedbed.inference.v1.ListModelVersionsRequest;
import dev.seedbed.inference.v1.ListModelVersionsResponse;
import dev.seedbed.inference.v1.LoadModelVersionRequest;
import dev.seedbed.inference.v1.LoadModelVersionResponse;
import dev.seedbed.inference.v1.UnloadModelVersionRequest;
import dev.seedbed.inference.v1.UnloadModelVersionResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.springframework.stereotype.Service;

/** The edge: what is thrown here becomes a status in {@code ErrorStatus}. */
@Service
class InferenceGrpcService extends InferenceServiceGrpc.InferenceServiceImplBase {

    private final ModelRepository repository;
    private final ModelVersions versions;
    private final TritonClient triton;
    private final GenerationMetrics metrics;

    InferenceGrpcService(
            ModelRepository repository, ModelVersions versions, TritonClient triton, GenerationMetrics metrics) {
        this.repository = repository;
        this.versions = versions;
        this.triton = triton;
        this.metrics = metrics;
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
        long requestedAtNanos = System.nanoTime();
        Generation generation;
        try {
            generation = GenerationWire.generation(request, repository.find(request.getModelVersion()));
        } catch (AdapterException refused) {
            metrics.refused(refused.code());
            throw refused;
        }
        new GenerationRelay(
                        generation, (ServerCallStreamObserver<GenerateResponse>) responses, metrics, requestedAtNanos)
                .start(triton);
    }

    @Override
    public void countTokens(CountTokensRequest request, StreamObserver<CountTokensResponse> response) {
        int[] tokens = GenerationWire.prompt(request).tokens(repository.find(request.getModelVersion()));
        answer(
                response,
                CountTokensResponse.newBuilder().setInputTokens(tokens.length).build());
    }

    @Override
    public void loadModelVersion(LoadModelVersionRequest request, StreamObserver<LoadModelVersionResponse> response) {
        answer(
                response,
                LoadModelVersionResponse.newBuilder()
                        .setModelVersion(ModelVersionWire.message(versions.load(request.getModelVersion())))
                        .build());
    }

    @Override
    public void unloadModelVersion(
            UnloadModelVersionRequest request, StreamObserver<UnloadModelVersionResponse> response) {
        versions.unload(request.getModelVersion());
        answer(response, UnloadModelVersionResponse.getDefaultInstance());
    }

    @Override
    public void listModelVersions(
            ListModelVersionsRequest request, StreamObserver<ListModelVersionsResponse> response) {
        ListModelVersionsResponse.Builder list = ListModelVersionsResponse.newBuilder();
        versions.list().forEach(status -> list.addModelVersions(ModelVersionWire.message(status)));
        answer(response, list.build());
    }

    private static <T> void answer(StreamObserver<T> response, T message) {
        response.onNext(message);
        response.onCompleted();
    }
}
