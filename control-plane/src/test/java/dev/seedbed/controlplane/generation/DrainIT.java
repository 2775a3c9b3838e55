package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.RunningReplica;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What a replica does between the signal to end and its end. */
class DrainIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final String STREAM = "{\"prompt\": \"say it\", \"stream\": true, \"max_tokens\": 50}";
    private static final String WHOLE = "{\"prompt\": \"say it\", \"max_tokens\": 50}";

    private final CountDownLatch finish = new CountDownLatch(1);

    @BeforeEach
    @AfterEach
    void resetAdapter() {
        adapter.reset();
    }

    @Test
    void servesWhileReadinessFallsThenRefusesAndLetsStreamsEnd() throws Exception {
        var replica = new RunningReplica("seedbed.drain.readiness-delay=4s", "seedbed.drain.stream-grace=60s");
        var database = replica.database();
        var tenant = tenant(replica);
        var channel = Grpc.newChannelBuilder("127.0.0.1:" + replica.grpcPort(), InsecureChannelCredentials.create())
                .build();
        var health = HealthGrpc.newBlockingStub(channel);
        await().until(() ->
                health.check(HealthCheckRequest.getDefaultInstance()).getStatus() == ServingStatus.SERVING);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(finish));
        try (var stream = tenant.stream("/v1/completions", STREAM)) {
            stream.event();
            adapter.reset();
            var closing = Thread.ofVirtual().start(replica::close);

            await().until(() -> tenant.get("/actuator/health/readiness").statusCode() == 503);
            assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                    .isEqualTo(ServingStatus.NOT_SERVING);
            assertThat(tenant.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
            var served = tenant.post("/v1/completions", WHOLE);
            assertThat(served.statusCode()).isEqualTo(200);
            // So that the client's next request finds another replica.
            assertThat(served.headers().firstValue("connection")).contains("close");

            await().until(() -> tenant.post("/v1/completions", WHOLE).statusCode() == 503);
            assertThat(tenant.post("/v1/completions", WHOLE).headers().firstValue("x-should-retry"))
                    .contains("true");

            finish.countDown();
            assertThat(stream.rest()).last().isEqualTo("[DONE]");
            closing.join();
        } finally {
            channel.shutdownNow();
        }
        assertThat(states(database)).containsOnly("FINISHED");
        assertThat(reserved(database)).isZero();
    }

    @Test
    void endsStreamsThatOutliveTheirGraceWithAnErrorAndSettlesThem() throws Exception {
        var replica = new RunningReplica("seedbed.drain.readiness-delay=0s", "seedbed.drain.stream-grace=500ms");
        var database = replica.database();
        var tenant = tenant(replica);
        var cancelled = adapter.runUntilCancelled("one ");
        try (var stream = tenant.stream("/v1/completions", STREAM)) {
            stream.event();
            var closing = Thread.ofVirtual().start(replica::close);
            assertThat(stream.rest()).last().asString().contains("overloaded", "the server is shutting down");
            closing.join();
        }
        assertThat(cancelled.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(states(database)).containsExactly("FAILED");
        assertThat(reserved(database)).isZero();
        assertThat(database.sql("SELECT committed_tokens FROM usage_generation")
                        .query(Long.class)
                        .single())
                .isEqualTo(1);
    }

    private static TestingTenant tenant(RunningReplica replica) {
        return TestingTenant.create(replica.httpPort(), replica.bean(Quotas.class), TestingTenant.PLENTY);
    }

    private static List<String> states(JdbcClient database) {
        return database.sql("SELECT state FROM usage_generation").query(String.class).list().stream()
                .map(String::valueOf)
                .toList();
    }

    private static long reserved(JdbcClient database) {
        return database.sql("SELECT coalesce(sum(reserved), 0) FROM quota_budget")
                .query(Long.class)
                .single();
    }
}
