package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant.EventStream;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.testkit.FakeInferenceServer;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is charged when an attempt ends after its retry began, on either of two replicas. */
@ControlPlaneTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LateAdoptionIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    @LocalServerPort
    int port;

    @Autowired
    ApplicationContext beans;

    @Autowired
    JdbcClient jdbc;

    @Autowired
    Adoption adoption;

    Replica other;
    CountingClient client;

    @BeforeAll
    void startReplica() {
        other = Replica.of(beans.getEnvironment(), "seedbed.answer.adopt-interval=5ms");
    }

    @AfterAll
    void stopReplica() {
        other.close();
    }

    @BeforeEach
    void newClient() {
        adapter.reset();
        client = CountingClient.create(port, beans);
    }

    @Test
    void leavesASiblingAloneThatStillRuns() throws Exception {
        var goOn = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(goOn));
        try (var sibling = client.begin()) {
            adapter.reset();
            assertThat(client.post(1).statusCode()).isEqualTo(200);
            adoption.adoptLate();
            goOn.countDown();
            assertThat(sibling.rest()).last().isEqualTo("[DONE]");
        }
        client.requirePosted(2, 5, 9);
        adoption.adoptLate();
        assertThat(client.adjustments()).isZero();
        client.requireBooksInOrder();
    }

    @Test
    void givesTheChargeBackWhenTheClientIsFoundGone() throws Exception {
        adapter.runUntilCancelled("one ");
        try (var left = client.begin()) {
            adapter.reset();
            client.at(other).post(1);
        }
        client.requirePosted(1, 3, 5);
        client.requireBooksInOrder();
    }

    @Test
    void givesTheChargeBackWhenTheAttemptFails() throws Exception {
        var goOn = new CountDownLatch(1);
        try (var first = client.beginAndFail(goOn)) {
            client.post(1);
            goOn.countDown();
            first.rest();
        }
        client.requirePosted(1, 3, 5);
        client.requireBooksInOrder();
    }

    @Test
    void givesTheChargeBackWhenTheAttemptExpires() throws Exception {
        var goOn = new CountDownLatch(1);
        try (var first = client.beginAndFail(goOn)) {
            await().until(() -> client.tenant().budget(Unit.OUTPUT_TOKEN).posted() == 1);
            client.post(1);
            // As after the end of its replica: nobody renews it.
            jdbc.sql("""
                    UPDATE quota_reservation SET owner_epoch = 0, expire_time = clock_timestamp()
                    WHERE tenant_id = ? AND state = 'PENDING'
                    """).param(client.tenant().id().value()).update();
            client.requirePosted(1, 3, 5);
            goOn.countDown();
            first.rest();
        }
        client.requireBooksInOrder();
    }

    @Test
    void givesTheChargeBackOfAnAnswerThatIsFoundUndelivered() {
        client.post(0);
        client.post(1);
        // As the replica marks it when the last byte cannot be written.
        jdbc.sql("UPDATE answer_attempt SET undelivered = true WHERE retry_count = 0 AND api_key_id = ?")
                .param(client.keyId())
                .update();
        client.requirePosted(1, 3, 5);
        client.requireBooksInOrder();
    }

    @Test
    void givesOneChargeBackToOneRetryOfManySiblings() throws Exception {
        client.post(0);
        var goOn = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(goOn));
        var fail = new CountDownLatch(1);
        try (var running = client.begin();
                var one = client.beginAndFail(fail);
                var another = client.at(other).beginAndFail(fail)) {
            client.post(1);
            fail.countDown();
            one.rest();
            another.rest();
            await().until(() -> client.adopted() == 1);
            goOn.countDown();
            assertThat(running.rest()).last().isEqualTo("[DONE]");
        }
        adoption.adoptLate();
        client.requirePosted(4, 9, 17);
        assertThat(client.adopted()).isEqualTo(1);
        client.requireBooksInOrder();
    }

    @Test
    void givesTheChargeBackForTheOldestRetryThatHasAdoptedNothing() throws Exception {
        var goOn = new CountDownLatch(1);
        try (var first = client.beginAndFail(goOn)) {
            client.post(1);
            client.post(1);
            goOn.countDown();
            first.rest();
        }
        await().until(() -> client.adopted() == 1);
        assertThat(jdbc.sql(
                                "SELECT has_adopted FROM answer_attempt WHERE retry_count = 1 AND api_key_id = ? ORDER BY create_time")
                        .param(client.keyId())
                        .query(Boolean.class)
                        .list())
                .containsExactly(true, false);
    }

    @Test
    void leavesAnAttemptAloneThatBeganAfterTheRetry() {
        client.post(1);
        CountingClient.failAfterOneToken();
        client.post(0);
        adoption.adoptLate();
        assertThat(client.adjustments()).isZero();
    }

    /** As many retries as attempts, all begun after all of them: in the end each has adopted one, whichever side saw the other. */
    @Test
    void adoptsEachAttemptOnceWhereAttemptsEndAndRetriesBeginAndReplicasLookAtTheSameMoment() throws Exception {
        var each = 8;
        var fail = new CountDownLatch(1);
        var attempts = new ArrayList<EventStream>();
        for (int i = 0; i < 2 * each; i++) {
            attempts.add((i % 2 == 0 ? client : client.at(other)).beginAndFail(fail));
        }
        for (int i = 0; i < each; i++) {
            client.post(1);
        }
        var looking = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 3; i++) {
                threads.execute(() -> {
                    while (looking.getCount() > 0) {
                        adoption.adoptLate();
                    }
                });
            }
            var answers = new ArrayList<Future<HttpResponse<String>>>();
            fail.countDown();
            for (int i = 0; i < each; i++) {
                var replica = i % 2 == 0 ? client : client.at(other);
                answers.add(threads.submit(() -> replica.post(1)));
            }
            try {
                for (var answer : answers) {
                    assertThat(answer.get().statusCode()).isEqualTo(200);
                }
                for (var attempt : attempts) {
                    try (attempt) {
                        attempt.rest();
                    }
                }
                await().until(() -> client.adopted() == 2 * each);
            } finally {
                looking.countDown();
            }
        }
        assertThat(client.adopting()).isEqualTo(2 * each);
        client.requirePosted(2 * each, 3 * 2 * each, 5 * 2 * each);
        assertThat(client.adjustments()).isEqualTo(4 * 2 * each);
        client.requireBooksInOrder();
    }
}
