package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.generation.TestingTenant.EventStream;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.LedgerCheck;
import io.grpc.Status;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.concurrent.CountDownLatch;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A client that counts its retries and names no key, of a tenant of its own, and what its attempts are charged. */
record CountingClient(TestingTenant tenant, ApplicationContext beans) {

    static final String WHOLE = "{\"prompt\": \"say it\", \"max_tokens\": 40}";
    static final String STREAM = "{\"prompt\": \"say it\", \"max_tokens\": 40, \"stream\": true}";

    static CountingClient create(int port, ApplicationContext beans) {
        var quotas = beans.getBean(Quotas.class);
        var tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        for (var window : Window.values()) {
            quotas.setLimit(
                    Subject.of(tenant.id()),
                    tenant.id(),
                    new Limit(Unit.POSITION, window, 1_000_000L, Durability.STRICT));
        }
        return new CountingClient(tenant, beans);
    }

    CountingClient at(Replica replica) {
        return new CountingClient(tenant.at(replica.port()), beans);
    }

    static void failAfterOneToken() {
        failAfterOneToken(new CountDownLatch(0));
    }

    static void failAfterOneToken(CountDownLatch goOn) {
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            goOn.await();
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
    }

    HttpRequest.Builder request(int retryCount, String body) {
        return tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .header("x-stainless-retry-count", Integer.toString(retryCount))
                .POST(BodyPublishers.ofString(body));
    }

    HttpResponse<String> post(int retryCount) {
        return tenant.send(request(retryCount, WHOLE));
    }

    /** A first attempt that has brought a token; others of the adapter are not changed. */
    EventStream begin() throws Exception {
        var stream = tenant.stream(request(0, STREAM));
        stream.data();
        return stream;
    }

    /** A first attempt that has brought a token, and fails when it is let. */
    EventStream beginAndFail(CountDownLatch goOn) throws Exception {
        failAfterOneToken(goOn);
        var stream = begin();
        ControlPlaneTest.ADAPTER.reset();
        return stream;
    }

    void requirePosted(long requests, long outputTokens, long positions) {
        await().untilAsserted(() -> {
            assertThat(tenant.budget(Unit.REQUEST).posted()).isEqualTo(requests);
            assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(outputTokens, 0L);
            assertThat(tenant.budgets())
                    .filteredOn(budget -> budget.unit() == Unit.POSITION && budget.window() == Window.EVER)
                    .singleElement()
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(positions, 0L);
        });
    }

    void requireBooksInOrder() {
        assertThat(beans.getBean(Balances.class).drift()).isZero();
        assertThat(beans.getBean(LedgerCheck.class).verify().differences()).isEmpty();
    }

    String keyId() {
        return tenant.key().split("-")[2];
    }

    long attempts() {
        return count("SELECT count(*) FROM answer_attempt WHERE api_key_id = ?", keyId());
    }

    long adopted() {
        return count("SELECT count(adopted_by) FROM answer_attempt WHERE api_key_id = ?", keyId());
    }

    long adopting() {
        return count("SELECT count(*) FROM answer_attempt WHERE has_adopted AND api_key_id = ?", keyId());
    }

    long adjustments() {
        return count(
                "SELECT count(*) FROM usage_ledger_entry WHERE kind = 'ADJUSTMENT' AND credit_account = ?",
                "tenant/" + tenant.id());
    }

    private long count(String sql, String of) {
        return beans.getBean(JdbcClient.class)
                .sql(sql)
                .param(of)
                .query(Long.class)
                .single();
    }
}
