package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.Rejections;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ControlPlaneTest
class RejectionsIT {

    private static final String TOO_MUCH = "{\"prompt\": \"p\", \"max_tokens\": 16}";

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    @Autowired
    MeterRegistry meters;

    @Autowired
    Rejections rejections;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(port, quotas, Map.of(Unit.OUTPUT_TOKEN, 1L, Unit.POSITION, 100_000L));
    }

    @Test
    void areCountedAllAndKeptInASample() throws Exception {
        var before = counted();
        var startedAtNanos = System.nanoTime();
        try (var clients = Executors.newFixedThreadPool(16)) {
            for (int i = 0; i < 2_000; i++) {
                clients.submit(() -> assertThat(
                                tenant.post("/v1/completions", TOO_MUCH).statusCode())
                        .isEqualTo(429));
            }
        }
        var seconds = (System.nanoTime() - startedAtNanos) / 1_000_000_000 + 1;
        rejections.write();

        assertThat(counted() - before).isEqualTo(2_000);
        // One at once and one for each second that it took.
        assertThat(rows()).isBetween(1L, seconds + 1);
        assertThat(ControlPlaneTest.ADAPTER.requests()).isEmpty();
    }

    @Test
    void areShownToSupportByTheirRequest() {
        var refused = tenant.post("/v1/completions", TOO_MUCH);
        var id = refused.headers().firstValue("x-request-id").orElseThrow();
        var admin = new AdminClient(port);
        await().untilAsserted(() -> {
            var shown = admin.get("/rejections?tenant_id=%s&request_id=%s".formatted(tenant.id(), id))
                    .json()
                    .path("rejections");
            assertThat(shown).singleElement().satisfies(rejection -> {
                assertThat(rejection.path("endpoint").asString()).isEqualTo("POST /v1/completions");
                assertThat(rejection.path("code").asString()).isEqualTo("budget_exceeded");
                assertThat(rejection.path("message").asString()).contains("OUTPUT_TOKEN");
                assertThat(rejection.path("api_key_id").asString()).hasSize(16);
            });
        });
    }

    @Test
    void leaveOutWhatWasAdmitted() {
        quotas.setLimit(tenant.id(), Unit.OUTPUT_TOKEN, 1_000L);
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.fail(Status.UNAVAILABLE);
        });
        assertThat(tenant.post("/v1/completions", TOO_MUCH).statusCode()).isGreaterThanOrEqualTo(500);
        rejections.write();
        assertThat(rows()).isZero();
    }

    private long rows() {
        return jdbc.sql("SELECT count(*) FROM usage_rejection WHERE tenant_id = ?")
                .param(tenant.id().value())
                .query(Long.class)
                .single();
    }

    private double counted() {
        return meters.find("seedbed.rejections").tag("code", "budget_exceeded").counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }
}
