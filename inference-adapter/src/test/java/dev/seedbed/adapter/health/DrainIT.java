package dev.seedbed.adapter.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.adapter.FakeTriton;
import dev.seedbed.adapter.FakeTritonStream;
import dev.seedbed.adapter.GenerationCall;
import dev.seedbed.adapter.RunningAdapter;
import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.inference.v1.GenerateRequest;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an adapter does between the signal to end and its end. */
class DrainIT {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Test
    void takesGenerationsWhileReadinessFallsAndLetsThemEnd(@TempDir Path folder) throws Exception {
        try (FakeTriton triton = new FakeTriton()) {
            RunningAdapter adapter = new RunningAdapter(
                    "localhost:" + triton.port(),
                    new TestingRepository(folder).folder(),
                    "seedbed.drain.readiness-delay=4s",
                    "spring.grpc.server.shutdown.grace-period=60s");
            await().atMost(PATIENCE).until(adapter::isTritonUp);
            Thread ending = Thread.ofVirtual().start(adapter::end);
            await().atMost(PATIENCE).until(() -> !adapter.isTritonUp());
            assertThat(HealthGrpc.newBlockingStub(adapter.channel())
                            .check(HealthCheckRequest.getDefaultInstance())
                            .getStatus())
                    .isEqualTo(ServingStatus.NOT_SERVING);

            GenerationCall late = GenerationCall.start(
                    adapter.channel(),
                    GenerateRequest.newBuilder()
                            .setModelVersion(TestingRepository.VERSION)
                            .setPrompt("int x")
                            .setMaxTokens(4)
                            .build());
            FakeTritonStream stream = triton.nextStream();
            // The gRPC server has begun to stop when it takes no more.
            await().atMost(PATIENCE).until(() -> !accepts(adapter));
            stream.finish(
                    "stop", "end_token", TestingRepository.shippedTokenizer().encode("x"));
            assertThat(GenerationCall.finished(late.readAll()).getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
            ending.join();
            adapter.close();
        }
    }

    private static boolean accepts(RunningAdapter adapter) {
        try {
            HealthGrpc.newBlockingStub(adapter.channel()).check(HealthCheckRequest.getDefaultInstance());
            return true;
        } catch (StatusRuntimeException refused) {
            return false;
        }
    }
}
