package dev.seedbed.controlplane.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.testkit.FakeInferenceServer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Days and months of a tenant in its own zone, and in another one from now on. */
@ControlPlaneTest
class TimeZonesIT extends QuotaOverHttp {

    /** 25 hours apart: a date that has not ended in the west is always over in the east. */
    private static final String WEST = "Pacific/Pago_Pago";

    private static final String EAST = "Pacific/Kiritimati";

    @Test
    void beginAtMidnightOfTheTenant() {
        assertThat(admin.get(path + "/time_zone").text("time_zone")).isEqualTo("UTC");
        moveTo("Asia/Kathmandu");
        limit("DAY", 5);
        complete(200);

        var day = windows("DAY").getFirst();

        assertThat(admin.get(path + "/time_zone").text("time_zone")).isEqualTo("Asia/Kathmandu");
        assertThat(day.start().atZone(ZoneId.of("Asia/Kathmandu")).toLocalTime())
                .isEqualTo("00:00");
        assertThat(day.end().atZone(ZoneId.of("Asia/Kathmandu")).toLocalTime()).isEqualTo("00:00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"DAY", "MONTH"})
    void keepTheirDateAndTheirUseWhenItEndsLater(String window) {
        moveTo(EAST);
        limit(window, 2);
        complete(200);
        var before = windows(window).getFirst();

        moveTo(WEST);

        assertThat(windows(window))
                .containsExactly(new Stretch(before.start(), before.end().plusSeconds(25 * 3600), 1));
        complete(200);
        complete(429);
        assertThat(windows(window)).hasSize(1);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void endAtOnceWhereTheirDateIsOver() {
        moveTo(WEST);
        limit("DAY", 2);
        complete(200);
        complete(200);
        complete(429);

        moveTo(EAST);
        complete(200);

        var days = windows("DAY");
        assertThat(days).hasSize(2);
        assertThat(days.get(1).start()).isEqualTo(days.get(0).end());
        assertThat(days.get(1).end().atZone(ZoneId.of(EAST)).toLocalTime()).isEqualTo("00:00");
        assertThat(days).extracting(Stretch::posted).containsExactly(2L, 1L);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void neverGiveADateASecondBudget() {
        moveTo(WEST);
        limit("DAY", 1);
        complete(200);
        moveTo(EAST);
        complete(200);

        moveTo(WEST);
        complete(429);
        moveTo(EAST);
        complete(429);

        assertThat(windows("DAY")).extracting(Stretch::posted).containsExactly(1L, 1L);
    }

    @Test
    void settleARunningRequestInTheWindowItWasAdmittedIn() throws Exception {
        moveTo(WEST);
        limit("DAY", 5);
        var goOn = new CountDownLatch(1);
        ControlPlaneTest.ADAPTER.script(FakeInferenceServer.pausedAfterOneWord(goOn));
        try (var open = tenant.stream("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 8, \"stream\": true}")) {
            open.event();
            moveTo(EAST);
            goOn.countDown();
            assertThat(open.rest()).last().isEqualTo("[DONE]");
        }
        ControlPlaneTest.ADAPTER.reset();
        complete(200);

        assertThat(windows("DAY")).extracting(Stretch::posted).containsExactly(1L, 1L);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void holdForProjectsToo() {
        moveTo(WEST);
        set(projectPath + "/limits/REQUEST/DAY", 1);
        complete(200);
        complete(429);

        moveTo(EAST);

        complete(200);
        complete(429);
    }

    @Test
    void areAudited() {
        moveTo("Europe/Berlin");
        moveTo("Europe/Berlin");

        var entries = admin.get("/audit_entries?resource=" + path.substring(1) + "/time_zone")
                .json()
                .path("audit_entries");

        assertThat(entries.size()).isEqualTo(1);
        assertThat(entries.path(0).path("before").path("time_zone").asString()).isEqualTo("UTC");
        assertThat(entries.path(0).path("after").path("time_zone").asString()).isEqualTo("Europe/Berlin");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"time_zone\": \"Mars/Olympus\"}", "{\"time_zone\": \"+02:00\"}", "{\"time_zone\": null}", "{}"
            })
    void areOfTheIana(String body) {
        var answer = admin.call("PUT", path + "/time_zone", body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("errors").path(0).path("field").asString())
                .isEqualTo("time_zone");
    }

    /** A window of REQUEST, of whoever. @param posted what was used in it */
    private record Stretch(Instant start, Instant end, long posted) {}

    private List<Stretch> windows(String window) {
        return jdbc.sql("""
                SELECT window_start, window_end, posted FROM quota_budget
                WHERE tenant_id = :tenant AND unit = 'REQUEST' AND window_kind = :window ORDER BY window_start
                """)
                .param("tenant", tenant.id().value())
                .param("window", window)
                .query((row, n) -> new Stretch(
                        row.getObject("window_start", OffsetDateTime.class).toInstant(),
                        row.getObject("window_end", OffsetDateTime.class).toInstant(),
                        row.getLong("posted")))
                .list();
    }

    private void moveTo(String zone) {
        assertThat(admin.call("PUT", path + "/time_zone", "{\"time_zone\": \"%s\"}".formatted(zone))
                        .text("time_zone"))
                .isEqualTo(zone);
    }

    private void limit(String window, long limit) {
        set(path + "/limits/REQUEST/" + window, limit);
    }

    private void complete(int status) {
        assertThat(complete().statusCode()).isEqualTo(status);
    }
}
