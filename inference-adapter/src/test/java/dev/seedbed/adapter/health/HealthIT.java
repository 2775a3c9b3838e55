package dev.seedbed.adapter.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.adapter.FakeTriton;
import dev.seedbed.adapter.GenerationCall;
import dev.seedbed.adapter.RunningAdapter;
import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.inference.v1.GenerateRequest;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    static Path folder;

    private static FakeTriton triton;
    private static RunningAdapter adapter;

    @BeforeAll
    static void start() {
        triton = new FakeTriton();
        adapter = new RunningAdapter("localhost:" + triton.port(), new TestingRepository(folder).folder());
    }

    @AfterAll
    static void stop() {
        adapter.close();
        triton.close();
    }

    @Test
    void followsTritonUpAndDown() {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(health()).isEqualTo(ServingStatus.SERVING));
        assertThat(adapter.isTritonUp()).isTrue();
        triton.setReady(false);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(health()).isEqualTo(ServingStatus.NOT_SERVING));
        assertThat(adapter.isTritonUp()).isFalse();
        triton.setReady(true);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(health()).isEqualTo(ServingStatus.SERVING));
    }

    @Test
    void isNotReadyWhileTritonIsGoneAndStaysAlive() {
        int port = triton.port();
        triton.close();
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(health()).isEqualTo(ServingStatus.NOT_SERVING));
        assertThat(adapter.management("/actuator/health/liveness").statusCode()).isEqualTo(200);
        triton = new FakeTriton(port);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(health()).isEqualTo(ServingStatus.SERVING));
    }

    @Test
    void listsItsServicesByReflection() {
        CompletableFuture<List<String>> services = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(adapter.channel())
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                        services.complete(response.getListServicesResponse().getServiceList().stream()
                                .map(ServiceResponse::getName)
                                .toList());
                    }

                    @Override
                    public void onError(Throwable failure) {
                        services.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        assertThat(services.join()).contains("seedbed.inference.v1.InferenceService", "grpc.health.v1.Health");
        requests.onCompleted();
    }

    @Test
    void countsGenerationsForPrometheus() {
        await().atMost(2, TimeUnit.MINUTES).until(adapter::isTritonUp);
        GenerationCall call = GenerationCall.start(
                adapter.channel(),
                GenerateRequest.newBuilder()
                        .setModelVersion(TestingRepository.VERSION)
                        .setPrompt("int x")
                        .setMaxTokens(4)
                        .build());
        triton.nextStream()
                .finish(
                        "stop",
                        "end_token",
                        TestingRepository.shippedTokenizer().encode("x"));
        call.readAll();
        assertThat(adapter.management("/actuator/prometheus").body())
                .contains("seedbed_adapter_generations_total{model_version=\"tiny-v1\",outcome=\"stop\"} 1.0")
                .contains("seedbed_adapter_tokens_total{kind=\"output\",model_version=\"tiny-v1\"} 1.0")
                .contains("seedbed_adapter_streams_active 0.0")
                .contains("seedbed_adapter_first_text_seconds_count{model_version=\"tiny-v1\"} 1");
    }

    private ServingStatus health() {
        return HealthGrpc.newBlockingStub(adapter.channel())
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus();
    }
}
