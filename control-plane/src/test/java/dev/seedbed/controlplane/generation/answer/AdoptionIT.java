package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.testkit.FakeInferenceServer;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is charged when OpenAI's clients try again without a key. */
@ControlPlaneTest
class AdoptionIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    @LocalServerPort
    int port;

    @Autowired
    ApplicationContext beans;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    @Autowired
    AnswerStore store;

    @Autowired
    Adoption adoption;

    CountingClient client;

    @BeforeEach
    void newClient() {
        adapter.reset();
        client = CountingClient.create(port, beans);
    }

    @Test
    void givesTheChargeOfAFailedAttemptBackToItsRetry() {
        CountingClient.failAfterOneToken();
        assertThat(client.post(0).statusCode()).isGreaterThanOrEqualTo(500);
        client.requirePosted(1, 1, 3);
        adapter.reset();
        assertThat(client.post(1).statusCode()).isEqualTo(200);
        client.requirePosted(1, 3, 5);
        assertThat(client.adjustments()).isEqualTo(4);
    }

    @Test
    void givesTheChargeBackInEveryCalendarWindow() {
        CountingClient.failAfterOneToken();
        client.post(0);
        adapter.reset();
        client.post(1);
        assertThat(client.tenant().budgets())
                .filteredOn(budget -> budget.unit() == Unit.POSITION
                        && (budget.window() == Window.DAY || budget.window() == Window.MONTH))
                .hasSize(2)
                .allSatisfy(budget -> assertThat(budget.posted()).isEqualTo(5));
        client.requireBooksInOrder();
    }

    @Test
    void keepsTheChargeOfAnAnswerThatWasDelivered() {
        client.post(0);
        client.post(1);
        client.requirePosted(2, 6, 10);
        adoption.adoptLate();
        assertThat(client.adjustments()).isZero();
    }

    @Test
    void givesTheChargeOfAnAnswerBackThatNeverReachedItsClient() {
        client.post(0);
        // As the replica marks it when the last byte cannot be written.
        jdbc.sql("UPDATE answer_attempt SET undelivered = true WHERE api_key_id = ?")
                .param(client.keyId())
                .update();
        client.post(1);
        client.requirePosted(1, 3, 5);
        client.requireBooksInOrder();
    }

    @Test
    void keepsTheChargeWhenTheRetryIsOfAnotherRequestOrNotTheNext() {
        CountingClient.failAfterOneToken();
        client.post(0);
        adapter.reset();
        client.tenant().send(client.request(1, CountingClient.WHOLE.replace("40", "41")));
        client.post(2);
        client.post(0);
        adoption.adoptLate();
        assertThat(client.adjustments()).isZero();
    }

    @Test
    void adoptsAnAttemptOnceHoweverManyRetriesRace() throws Exception {
        CountingClient.failAfterOneToken();
        client.post(0);
        adapter.reset();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = new ArrayList<Future<HttpResponse<String>>>();
            for (int i = 0; i < 8; i++) {
                answers.add(threads.submit(() -> client.post(1)));
            }
            for (var answer : answers) {
                assertThat(answer.get().statusCode()).isEqualTo(200);
            }
        }
        client.requirePosted(8, 24, 40);
        assertThat(client.adjustments()).isEqualTo(4);
        client.requireBooksInOrder();
    }

    @Test
    void keepsTheChargeWhenTheRetryIsRefused() {
        CountingClient.failAfterOneToken();
        client.post(0);
        quotas.setLimit(client.tenant().id(), Unit.OUTPUT_TOKEN, 2L);
        assertThat(client.post(1).statusCode()).isEqualTo(429);
        client.requirePosted(1, 1, 3);
        assertThat(client.adjustments()).isZero();
    }

    @Test
    void forgetsAttemptsAfterTenMinutes() {
        CountingClient.failAfterOneToken();
        client.post(0);
        adapter.reset();
        jdbc.sql("UPDATE answer_attempt SET create_time = create_time - interval '11 minutes' WHERE api_key_id = ?")
                .param(client.keyId())
                .update();
        client.post(1);
        assertThat(client.adjustments()).isZero();
        store.sweep();
        assertThat(client.attempts()).isEqualTo(1);
    }

    @Test
    void storesNothingForClientsThatDoNotCount() {
        client.tenant().post("/v1/completions", CountingClient.WHOLE);
        assertThat(client.attempts()).isZero();
    }
}
