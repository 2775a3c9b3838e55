package dev.seedbed.controlplane.usage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.pricing.TestingPriceList;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import io.grpc.Status;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** Falsifies one row at a time, and sees it found by {@code ledger:verify}. */
@ControlPlaneTest
class LedgerCheckIT {

    private static final String OF_A_LEDGER_ENTRY = """
            ALTER TABLE usage_ledger_entry DISABLE TRIGGER usage_ledger_append_only;
            UPDATE usage_ledger_entry SET amount = amount + %%d WHERE request_id = '%%s' AND unit = '%s' AND kind %s 'ADJUSTMENT';
            ALTER TABLE usage_ledger_entry ENABLE TRIGGER usage_ledger_append_only
            """;

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    AdminClient admin;
    TestingTenant tenant;

    @BeforeEach
    void createPricedTenant() {
        ControlPlaneTest.ADAPTER.reset();
        admin = new AdminClient(port);
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        TestingPriceList.give(
                admin,
                tenant,
                "{\"per_million_output_tokens\": 10000000, \"per_million_positions\": 100000, \"per_request\": 1000}");
    }

    /**
     * @param kind as it is reported
     * @param statement changes something of a request by so much
     */
    private record Fault(String kind, String statement) {}

    static List<Fault> faultsOfEveryRequest() {
        return List.of(
                new Fault(
                        "work",
                        "UPDATE usage_generation SET committed_tokens = committed_tokens + %d WHERE request_id = '%s'"),
                new Fault("work", OF_A_LEDGER_ENTRY.formatted("MICRO_USD", "<>")),
                new Fault("work", OF_A_LEDGER_ENTRY.formatted("POSITION", "<>")),
                new Fault(
                        "reservation",
                        "UPDATE quota_reservation_line SET posted = posted + %d WHERE reservation_id = '%s' AND unit = 'OUTPUT_TOKEN'"),
                new Fault(
                        "sequence",
                        "UPDATE quota_reservation SET postings = postings - %d WHERE reservation_id = '%s'"));
    }

    @ParameterizedTest
    @MethodSource("faultsOfEveryRequest")
    void findsOneUnitThatDoesNotAddUp(Fault fault) {
        requireFound(fault, id(post(0)));
    }

    static List<Fault> faultsOfReversedRequests() {
        return List.of(
                new Fault("reversal", OF_A_LEDGER_ENTRY.formatted("MICRO_USD", "=")),
                new Fault("reversal", OF_A_LEDGER_ENTRY.formatted("OUTPUT_TOKEN", "=")),
                new Fault("reversal", OF_A_LEDGER_ENTRY.formatted("OUTPUT_TOKEN", "<>")));
    }

    @ParameterizedTest
    @MethodSource({"faultsOfEveryRequest", "faultsOfReversedRequests"})
    void findsOneUnitOfAReversedRequestThatDoesNotAddUp(Fault fault) {
        requireFound(fault, reversed());
    }

    @Test
    void findsAReversalThatNobodyDecided() {
        var reversed = reversed();
        var time = jdbc.sql("SELECT reverse_time::text FROM quota_reservation WHERE reservation_id = ?")
                .param(reversed)
                .query(String.class)
                .single();

        set(reversed, null);
        var answer = verify();
        set(reversed, time);

        assertThat(kinds(answer, reversed)).contains("reversal");
        requireProved();
    }

    private void set(UUID request, @Nullable String reverseTime) {
        jdbc.sql("UPDATE quota_reservation SET reverse_time = :time::timestamptz WHERE reservation_id = :id")
                .param("time", reverseTime)
                .param("id", request)
                .update();
    }

    @Test
    void findsABudgetThatIsNoSumOfTheLedger() {
        post(0);
        var budget = "UPDATE quota_budget SET posted = posted + %d WHERE unit = 'MICRO_USD' AND subject = 'tenant/"
                + tenant.id() + "'";

        jdbc.sql(budget.formatted(1)).update();
        var answer = verify();
        jdbc.sql(budget.formatted(-1)).update();

        assertThat(answer.path("differences").valueStream())
                .anyMatch(found -> found.path("kind").asString().equals("budget")
                        && found.path("subject").asString().contains(tenant.id().toString()));
        requireProved();
    }

    /** A request that failed, whose charge its retry was given back. */
    private UUID reversed() {
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
        var failed = id(post(0));
        ControlPlaneTest.ADAPTER.reset();
        assertThat(post(1).statusCode()).isEqualTo(200);
        assertThat(admin.get("/generations/" + failed)
                        .json()
                        .path("ledger_entries")
                        .valueStream()
                        .filter(entry -> entry.path("kind").asString().equals("ADJUSTMENT"))
                        .map(entry -> entry.path("unit").asString()))
                .contains(Unit.OUTPUT_TOKEN.name(), Unit.MICRO_USD.name());
        requireProved();
        return failed;
    }

    private void requireFound(Fault fault, UUID request) {
        jdbc.sql(fault.statement().formatted(1, request)).update();
        var answer = verify();
        jdbc.sql(fault.statement().formatted(-1, request)).update();

        assertThat(answer.path("difference_count").asLong()).isPositive();
        assertThat(kinds(answer, request)).contains(fault.kind());
        requireProved();
    }

    private static List<String> kinds(JsonNode answer, UUID request) {
        return answer.path("differences")
                .valueStream()
                .filter(found -> found.path("subject").asString().equals(request.toString()))
                .map(found -> found.path("kind").asString())
                .toList();
    }

    private JsonNode verify() {
        return admin.post("/ledger:verify", "{}").json();
    }

    private void requireProved() {
        assertThat(verify().path("differences").valueStream()).isEmpty();
    }

    private HttpResponse<String> post(int retryCount) {
        return tenant.send(tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .header("x-stainless-retry-count", Integer.toString(retryCount))
                .POST(BodyPublishers.ofString("{\"prompt\": \"a b\", \"max_tokens\": 8}")));
    }

    private static UUID id(HttpResponse<String> answer) {
        return UUID.fromString(answer.headers().firstValue("x-request-id").orElseThrow());
    }
}
