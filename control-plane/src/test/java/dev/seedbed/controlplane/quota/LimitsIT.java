package dev.seedbed.controlplane.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Limits of keys, projects and tenants in their windows, over real HTTP. */
@ControlPlaneTest
class LimitsIT extends QuotaOverHttp {

    @Test
    void holdForKeyAndProjectBesideTheTenant() {
        set(projectPath + "/limits/REQUEST/DAY", 3);
        set(keyPath + "/limits/REQUEST/EVER", 2);

        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(200);
        var refused = complete();

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).contains("limit of the key", "REQUEST", "budget_exceeded");
        assertThat(refused.headers().firstValue("x-should-retry")).contains("false");
        assertThat(used(projectPath + "/limits", "REQUEST", "DAY")).isEqualTo(2);
        assertThat(used(keyPath + "/limits", "REQUEST", "EVER")).isEqualTo(2);
        assertThat(used(path + "/limits", "REQUEST", "EVER")).isEqualTo(2);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void changeNoCounterWhenTheyRefuse() {
        set(path + "/limits/REQUEST/MINUTE", 1);
        set(path + "/limits/OUTPUT_TOKEN/MONTH", 100);
        assertThat(complete().statusCode()).isEqualTo(200);
        var before = counters();

        assertThat(complete().statusCode()).isEqualTo(429);

        assertThat(counters()).isEqualTo(before);
    }

    @Test
    void sayWhenAMinuteHasRoomAgain() {
        set(path + "/limits/REQUEST/MINUTE", 2);
        complete();
        complete();

        var refused = complete();

        assertThat(refused.body()).contains("rate_limit_exceeded", "rate_limit_error", "window minute");
        assertThat(refused.headers().firstValueAsLong("retry-after").orElse(0)).isBetween(1L, 30L);
        assertThat(refused.headers().firstValueAsLong("retry-after-ms").orElse(0))
                .isBetween(1L, 30_000L);
        assertThat(refused.headers().firstValue("x-should-retry")).contains("true");
        jdbc.sql(
                        "UPDATE quota_budget SET decay_time = decay_time - interval '31 seconds' WHERE subject = ? AND window_kind = 'MINUTE'")
                .param("tenant/" + tenant.id())
                .update();
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);
    }

    @Test
    void sinkByTheOldLimitUntilItChanges() {
        set(path + "/limits/REQUEST/MINUTE", 4);
        complete();
        complete();
        complete();
        complete();
        jdbc.sql(
                        "UPDATE quota_budget SET decay_time = decay_time - interval '20 seconds' WHERE subject = ? AND window_kind = 'MINUTE'")
                .param("tenant/" + tenant.id())
                .update();

        set(path + "/limits/REQUEST/MINUTE", 4_000);

        // One of four sank in 20 s; by the new limit all would have.
        assertThat(jdbc.sql("SELECT posted FROM quota_budget WHERE subject = ? AND window_kind = 'MINUTE'")
                        .param("tenant/" + tenant.id())
                        .query(Long.class)
                        .single())
                .isEqualTo(3);
    }

    @Test
    void beginAnewWithTheNextDay() {
        set(path + "/limits/REQUEST/DAY", 1);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);
        jdbc.sql("""
                UPDATE quota_budget SET window_start = window_start - interval '1 day', window_end = window_end - interval '1 day'
                WHERE subject = ? AND window_kind = 'DAY'
                """).param("tenant/" + tenant.id()).update();

        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);

        assertThat(jdbc.sql(
                                "SELECT posted FROM quota_budget WHERE subject = ? AND window_kind = 'DAY' ORDER BY window_start")
                        .param("tenant/" + tenant.id())
                        .query(Long.class)
                        .list())
                .containsExactly(1L, 1L);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void boundHowManyRequestsAreOpen() throws Exception {
        set(path + "/limits/CONCURRENT_REQUEST/EVER", 1);
        var goOn = new CountDownLatch(1);
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            goOn.await();
            generation.stop();
        });
        try (var open = tenant.stream("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 8, \"stream\": true}")) {
            open.event();
            var refused = complete();
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("CONCURRENT_REQUEST", "rate_limit_exceeded");
            goOn.countDown();
            open.rest();
        }
        ControlPlaneTest.ADAPTER.reset();
        assertThat(complete().statusCode()).isEqualTo(200);
        Awaitility.await()
                .untilAsserted(() -> assertThat(budget(Unit.CONCURRENT_REQUEST, Window.EVER))
                        .satisfies(places -> assertThat(places.reserved()).isZero())
                        .satisfies(places -> assertThat(places.posted()).isZero()));
        assertThat(balances.drift()).isZero();
    }

    @Test
    void keepTheUsageWhenTheyChange() {
        set(path + "/limits/REQUEST/MONTH", 5);
        complete();
        complete();
        complete();

        set(path + "/limits/REQUEST/MONTH", 2);
        assertThat(complete().statusCode()).isEqualTo(429);
        set(path + "/limits/REQUEST/MONTH", 4);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);

        assertThat(budget(Unit.REQUEST, Window.MONTH).posted()).isEqualTo(4);
    }

    @Test
    void areTakenBackByRemovingThem() {
        set(path + "/limits/REQUEST/HOUR", 0);
        assertThat(complete().statusCode()).isEqualTo(429);

        assertThat(admin.call("DELETE", path + "/limits/REQUEST/HOUR", null).status())
                .isEqualTo(204);

        assertThat(complete().statusCode()).isEqualTo(200);
    }

    @Test
    void areNoMoreThanSixteenOfARequest() {
        // The tenant has two.
        var left = 14L;
        for (var window : List.of(Window.MINUTE, Window.HOUR, Window.DAY, Window.MONTH)) {
            for (var unit : List.of(Unit.REQUEST, Unit.INPUT_TOKEN, Unit.OUTPUT_TOKEN)) {
                quotas.setLimit(project(), tenant.id(), new Limit(unit, window, 1_000L, Durability.STRICT));
                left--;
            }
        }
        assertThat(left).isEqualTo(2);
        quotas.setLimit(project(), tenant.id(), new Limit(Unit.POSITION, Window.DAY, 1_000L, Durability.STRICT));
        quotas.setLimit(project(), tenant.id(), new Limit(Unit.POSITION, Window.MONTH, 1_000L, Durability.STRICT));

        assertThatThrownBy(() -> quotas.setLimit(
                        project(), tenant.id(), new Limit(Unit.POSITION, Window.HOUR, 1_000L, Durability.STRICT)))
                .isInstanceOf(SeedbedException.class)
                .hasMessageContaining("17 (expected: at most 16; 2 of tenant/");
        assertThat(quotas.limits(project())).hasSize(14);
        assertThatThrownBy(() -> quotas.setLimit(
                        Subject.of(tenant.id()),
                        tenant.id(),
                        new Limit(Unit.POSITION, Window.HOUR, 1_000L, Durability.STRICT)))
                .hasMessageContaining("17 (expected: at most 16; 3 of tenant/");
    }

    @Test
    void areRefusedWhereTheyMakeNoSense() {
        assertThat(admin.call("PUT", path + "/limits/CONCURRENT_REQUEST/DAY", "{\"limit\": 1}")
                        .status())
                .isEqualTo(400);
        assertThat(admin.call("PUT", path + "/limits/MICRO_USD/DAY", "{\"limit\": 1, \"durability\": \"LEASED\"}")
                        .status())
                .isEqualTo(400);
        assertThat(admin.call("PUT", path + "/projects/" + UUID.randomUUID() + "/limits/REQUEST/DAY", "{\"limit\": 1}")
                        .status())
                .isEqualTo(404);
        assertThat(admin.call("PUT", path + "/limits/REQUEST/FORTNIGHT", "{\"limit\": 1}")
                        .status())
                .isEqualTo(400);
    }

    private Subject project() {
        return new Subject(Subject.Kind.PROJECT, projectPath.substring(projectPath.lastIndexOf('/') + 1));
    }

    private long used(String limitsPath, String unit, String window) {
        return admin.get(limitsPath)
                .json()
                .path("limits")
                .valueStream()
                .filter(limit -> limit.path("unit").asString().equals(unit)
                        && limit.path("window").asString().equals(window))
                .mapToLong(limit -> limit.path("posted").asLong())
                .sum();
    }

    private List<Map<String, @Nullable Object>> counters() {
        return jdbc.sql("SELECT * FROM quota_budget WHERE tenant_id = ? ORDER BY budget_id")
                .param(tenant.id().value())
                .query()
                .listOfRows();
    }
}
