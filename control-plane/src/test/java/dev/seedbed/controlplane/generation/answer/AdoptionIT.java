package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.LedgerCheck;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Status;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is charged when OpenAI's clients try again without a key. */
@ControlPlaneTest
class AdoptionIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final String WHOLE = "{\"prompt\": \"say it\", \"max_tokens\": 40}";
    private static final String STREAM = "{\"prompt\": \"say it\", \"max_tokens\": 40, \"stream\": true}";

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    Balances balances;

    @Autowired
    LedgerCheck books;

    @Autowired
    JdbcClient jdbc;

    @Autowired
    AnswerStore store;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        for (var window : Window.values()) {
            quotas.setLimit(
                    Subject.of(tenant.id()),
                    tenant.id(),
                    new Limit(Unit.POSITION, window, 1_000_000L, Durability.STRICT));
        }
    }

    @Test
    void givesTheChargeOfAFailedAttemptBackToItsRetry() {
        failAfterOneToken();
        assertThat(post(0).statusCode()).isGreaterThanOrEqualTo(500);
        requirePosted(1, 1, 3);
        adapter.reset();
        assertThat(post(1).statusCode()).isEqualTo(200);
        requirePosted(1, 3, 5);
        assertThat(adjustments()).isEqualTo(4);
    }

    @Test
    void givesTheChargeBackInEveryCalendarWindow() {
        failAfterOneToken();
        post(0);
        adapter.reset();
        post(1);
        assertThat(tenant.budgets())
                .filteredOn(budget -> budget.unit() == Unit.POSITION
                        && (budget.window() == Window.DAY || budget.window() == Window.MONTH))
                .hasSize(2)
                .allSatisfy(budget -> assertThat(budget.posted()).isEqualTo(5));
        requireBooksInOrder();
    }

    @Test
    void stopsAnAttemptThatStillRunsHereAndAdoptsIt() throws Exception {
        var stopped = new CountDownLatch(1);
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.awaitCancelled();
            stopped.countDown();
        });
        try (var first = tenant.stream(request(0, STREAM))) {
            first.data();
            adapter.script((request, generation) -> {
                generation.prefill();
                generation.stop();
            });
            assertThat(post(1).statusCode()).isEqualTo(200);
            stopped.await();
        }
        requirePosted(1, 0, 2);
        requireBooksInOrder();
    }

    @Test
    void keepsTheChargeOfAnAnswerThatWasDelivered() {
        post(0);
        post(1);
        requirePosted(2, 6, 10);
        assertThat(adjustments()).isZero();
    }

    @Test
    void givesTheChargeOfAnAnswerBackThatNeverReachedItsClient() {
        post(0);
        // As the replica marks it when the last byte cannot be written.
        jdbc.sql("UPDATE answer_attempt SET undelivered = true WHERE api_key_id = ?")
                .param(tenant.key().split("-")[2])
                .update();
        post(1);
        requirePosted(1, 3, 5);
        requireBooksInOrder();
    }

    @Test
    void keepsTheChargeWhenTheRetryIsOfAnotherRequestOrNotTheNext() {
        failAfterOneToken();
        post(0);
        adapter.reset();
        tenant.send(request(1, WHOLE.replace("40", "41")));
        post(2);
        post(0);
        assertThat(adjustments()).isZero();
    }

    @Test
    void adoptsAnAttemptOnceHoweverManyRetriesRace() throws Exception {
        failAfterOneToken();
        post(0);
        adapter.reset();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = new ArrayList<Future<HttpResponse<String>>>();
            for (int i = 0; i < 8; i++) {
                answers.add(threads.submit(() -> post(1)));
            }
            for (var answer : answers) {
                assertThat(answer.get().statusCode()).isEqualTo(200);
            }
        }
        requirePosted(8, 24, 40);
        assertThat(adjustments()).isEqualTo(4);
        requireBooksInOrder();
    }

    @Test
    void keepsTheChargeWhenTheRetryIsRefused() {
        failAfterOneToken();
        post(0);
        quotas.setLimit(tenant.id(), Unit.OUTPUT_TOKEN, 2L);
        assertThat(post(1).statusCode()).isEqualTo(429);
        requirePosted(1, 1, 3);
        assertThat(adjustments()).isZero();
    }

    @Test
    void forgetsAttemptsAfterTenMinutes() {
        failAfterOneToken();
        post(0);
        adapter.reset();
        jdbc.sql("UPDATE answer_attempt SET create_time = create_time - interval '11 minutes' WHERE api_key_id = ?")
                .param(tenant.key().split("-")[2])
                .update();
        post(1);
        assertThat(adjustments()).isZero();
        store.sweep();
        assertThat(attempts()).isEqualTo(1);
    }

    @Test
    void storesNothingForClientsThatDoNotCount() {
        tenant.post("/v1/completions", WHOLE);
        assertThat(attempts()).isZero();
    }

    private static void failAfterOneToken() {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
    }

    private HttpRequest.Builder request(int retryCount, String body) {
        return tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .header("x-stainless-retry-count", Integer.toString(retryCount))
                .POST(BodyPublishers.ofString(body));
    }

    private HttpResponse<String> post(int retryCount) {
        return tenant.send(request(retryCount, WHOLE));
    }

    private void requirePosted(long requests, long outputTokens, long positions) {
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
        assertThat(balances.drift()).isZero();
    }

    private void requireBooksInOrder() {
        assertThat(balances.drift()).isZero();
        assertThat(books.verify().differences()).isEmpty();
    }

    private long adjustments() {
        return jdbc.sql("SELECT count(*) FROM usage_ledger_entry WHERE kind = 'ADJUSTMENT' AND credit_account = ?")
                .param("tenant/" + tenant.id())
                .query(Long.class)
                .single();
    }

    private long attempts() {
        return jdbc.sql("SELECT count(*) FROM answer_attempt WHERE api_key_id = ?")
                .param(tenant.key().split("-")[2])
                .query(Long.class)
                .single();
    }
}
