package dev.seedbed.controlplane.quota.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.quota.QuotaOverHttp;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of an allowance when the plan or the time zone of its holder's tenant changes, over real HTTP and with real heartbeats. */
@ControlPlaneTest
class ChangesUnderLeaseIT extends QuotaOverHttp {

    /** 25 hours apart: a date that has not ended in the west is always over in the east. */
    private static final String WEST = "Pacific/Pago_Pago";

    private static final String EAST = "Pacific/Kiritimati";

    private String plan;
    private int admitted;

    @Override
    protected Map<Unit, Long> limits() {
        return Map.of();
    }

    @BeforeEach
    void createPlan() {
        plan = create(requests("DAY", 1_000, "LEASED"));
        assign(plan);
        admitted = 0;
    }

    @AfterEach
    void everythingAddsUp() {
        eventually().until(() -> leases().isEmpty() && leased() == 0 && posted() == admitted);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void holdsItToALoweredLimitFromItsNextRenewalOn() {
        holdAllowance();
        var limit = admitted + 1;

        update(requests("DAY", limit, "LEASED"));
        awaitHolderToldOfAChange();
        var before = admitted;
        burst(20);

        assertThat(admitted).isLessThanOrEqualTo(Math.max(before, limit));
        assertThat(burst(1)).singleElement().asString().contains("limit of the tenant, window day");
    }

    @Test
    void stopsItWhenAWindowIsAdded() {
        holdAllowance();

        update(requests("DAY", 1_000, "LEASED") + "," + requests("MONTH", 3, "LEASED"));
        awaitHolderToldOfAChange();
        var uncounted = admitted;
        eventually()
                .until(() -> burst(2).stream().anyMatch(refusal -> refusal.contains("window month"))
                        && budget(Unit.REQUEST, Window.MONTH).posted() == 3);
        burst(5);

        assertThat(admitted).isLessThanOrEqualTo(uncounted + 3);
    }

    @Test
    void endsItWhenAnotherPlanIsStrict() {
        holdAllowance();
        var strict = create(requests("DAY", 1_000, "STRICT"));

        assign(strict);
        eventually().until(() -> {
            burst(1);
            return leases().isEmpty();
        });
        eventually().until(() -> posted() == admitted);
        burst(1);

        assertThat(posted()).isEqualTo(admitted);
        assertThat(leases()).isEmpty();
    }

    @Test
    void givesItBackToADayThatIsOverInTheNewZone() {
        moveTo(WEST);
        holdAllowance();
        var before = admitted;

        moveTo(EAST);
        awaitHolderToldOfAChange();
        var ofTheDayBefore = admitted;
        burst(5);
        eventually().until(() -> posted() == admitted);

        assertThat(days()).hasSize(2);
        assertThat(days().get(0).posted()).isBetween((long) before, (long) ofTheDayBefore);
        assertThat(days().get(0).leased()).isZero();
        assertThat(days().get(1).posted()).isGreaterThanOrEqualTo(5);
    }

    @Test
    void givesADateThatEndsLaterNoSecondBudget() {
        moveTo(EAST);
        update(requests("DAY", 300, "LEASED"));
        holdAllowance();

        moveTo(WEST);
        // Near the limit what is leased stands in the way for a heartbeat or two.
        eventually().until(() -> {
            burst(20);
            return admitted >= 300;
        });
        burst(5);

        assertThat(admitted).isEqualTo(300);
        assertThat(days()).hasSize(1);
    }

    /** Sends requests until the allowance has more than the first one brought. */
    private void holdAllowance() {
        eventually().until(() -> {
            burst(8);
            return leased() >= 10;
        });
    }

    /** Until a lease was renewed twice with requests going on, or given up: a flush may have begun before the change. */
    private void awaitHolderToldOfAChange() {
        for (int i = 0; i < 2; i++) {
            var renewed = leases();
            eventually().until(() -> {
                burst(1);
                return !leases().equals(renewed) || leases().isEmpty();
            });
        }
    }

    private static ConditionFactory eventually() {
        return Awaitility.await().atMost(Duration.ofSeconds(60));
    }

    /** @return bodies of those that were refused */
    private List<String> burst(int requests) {
        List<Future<HttpResponse<String>>> answers;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            answers = IntStream.range(0, requests)
                    .mapToObj(i -> threads.submit(this::complete))
                    .toList();
        }
        var refused = answers.stream()
                .map(Future::resultNow)
                .filter(answer -> answer.statusCode() != 200)
                .toList();
        assertThat(refused).allMatch(answer -> answer.statusCode() == 429);
        admitted += requests - refused.size();
        return refused.stream().map(HttpResponse::body).toList();
    }

    private static String requests(String window, long limit, String durability) {
        return limit("REQUEST", window, Long.toString(limit), durability);
    }

    private static String limit(String unit, String window, String limit, String durability) {
        return "{\"unit\": \"%s\", \"window\": \"%s\", \"limit\": %s, \"durability\": \"%s\"}"
                .formatted(unit, window, limit, durability);
    }

    private String create(String requests) {
        var name = "plan-" + UUID.randomUUID();
        var created = admin.post("/plans", "{\"name\": \"%s\", \"limits\": [%s]}".formatted(name, open(requests)));
        assertThat(created.status()).as(created.text("detail")).isEqualTo(201);
        return name;
    }

    private void update(String requests) {
        var updated = admin.call("PATCH", "/plans/" + plan, "{\"limits\": [%s]}".formatted(open(requests)));
        assertThat(updated.status()).as(updated.text("detail")).isEqualTo(200);
    }

    /** Beside limits that do not stop anybody. */
    private static String open(String requests) {
        return limit("OUTPUT_TOKEN", "EVER", "1000000", "LEASED") + "," + limit("POSITION", "EVER", "1000000", "LEASED")
                + "," + requests;
    }

    private void assign(String name) {
        assertThat(admin.call("PUT", path + "/plan", "{\"name\": \"%s\"}".formatted(name))
                        .status())
                .isEqualTo(200);
    }

    private void moveTo(String zone) {
        assertThat(admin.call("PUT", path + "/time_zone", "{\"time_zone\": \"%s\"}".formatted(zone))
                        .status())
                .isEqualTo(200);
    }

    private List<Instant> leases() {
        return jdbc.sql("SELECT expire_time FROM quota_lease WHERE tenant_id = ?")
                .param(tenant.id().value())
                .query((row, n) ->
                        row.getObject("expire_time", OffsetDateTime.class).toInstant())
                .list();
    }

    /** A day of the tenant's requests. */
    private record Day(long posted, long leased) {}

    /** The first one first. */
    private List<Day> days() {
        return jdbc.sql("""
                SELECT posted, leased FROM quota_budget
                WHERE subject = ? AND unit = 'REQUEST' AND window_kind = 'DAY' ORDER BY window_start
                """)
                .param("tenant/" + tenant.id())
                .query((row, n) -> new Day(row.getLong("posted"), row.getLong("leased")))
                .list();
    }

    private long posted() {
        return days().stream().mapToLong(Day::posted).sum();
    }

    private long leased() {
        return days().stream().mapToLong(Day::leased).sum();
    }
}
