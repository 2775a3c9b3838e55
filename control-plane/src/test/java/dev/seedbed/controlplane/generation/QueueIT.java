package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant.EventStream;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** What a saturated engine means for those that ask: one place, room for two that wait. */
@ControlPlaneTest
@TestPropertySource(
        properties = {
            "seedbed.generation.queue.max-in-flight=1",
            "seedbed.generation.queue.max-waiting=2",
            "seedbed.generation.queue.max-wait=4s"
        })
class QueueIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final String WHOLE = "{\"prompt\": \"say it\", \"max_tokens\": 50}";
    private static final String STREAM = "{\"prompt\": \"say it\", \"stream\": true, \"max_tokens\": 50}";

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys apiKeys;

    @Autowired
    Quotas quotas;

    @Autowired
    Balances balances;

    @Autowired
    GenerationRecords records;

    @Autowired
    MeterRegistry meters;

    @Autowired
    JdbcClient jdbc;

    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch finish = new CountDownLatch(1);
    private TestingTenant tenant;

    @BeforeEach
    void holdWhoeverHasThePlace() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        adapter.script((request, generation) -> {
            generation.prefill();
            finish.await();
            generation.commit("done", 1);
            generation.stop();
        });
    }

    @AfterEach
    void letAllGo() {
        finish.countDown();
        clients.close();
        await().untilAsserted(() -> assertThat(balances.drift()).isZero());
    }

    @Test
    void sendsOneAtATimeAndServesAllThatFindRoom() throws Exception {
        var answers = new Answers(3);
        await().until(() -> waiting() == 2);
        // The one that has the place may still be on its way.
        await().until(() -> !adapter.requests().isEmpty());
        assertThat(adapter.requests()).hasSize(1);
        finish.countDown();
        assertThat(answers.statuses()).containsOnly(200);
    }

    @Test
    void shedsWhatFindsNoRoomWithAMeasuredTimeAndLeavesNoTrace() throws Exception {
        var answers = new Answers(3);
        await().until(() -> waiting() == 2);
        var before = tenant.budgets();
        var shed = tenant.post("/v1/completions", WHOLE);
        assertThat(shed.statusCode()).isEqualTo(503);
        assertThat(TestingTenant.json(shed).path("error").path("code").asString())
                .isEqualTo("overloaded");
        assertThat(shed.headers().firstValue("x-should-retry")).contains("true");
        assertThat(Long.parseLong(shed.headers().firstValue("retry-after").orElseThrow()))
                .isBetween(1L, 60L);
        assertThat(Long.parseLong(shed.headers().firstValue("retry-after-ms").orElseThrow()))
                .isBetween(1_000L, 60_000L);
        assertThat(tenant.budgets()).isEqualTo(before);
        var record = records.find(requestId(shed)).orElseThrow();
        assertThat(record.state()).isEqualTo(GenerationRecord.State.FAILED);
        assertThat(record.finishDetail()).isEqualTo("overloaded");
        assertThat(record.dispatches()).isZero();
        assertThat(record.queueWaitMs()).isNotNull();
        finish.countDown();
        assertThat(answers.statuses()).containsOnly(200);
    }

    @Test
    void shedsTheLeastWantedForOneOfALargerPriority() throws Exception {
        var answers = new Answers(3);
        await().until(() -> waiting() == 2);
        var urgent = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        jdbc.sql("UPDATE tenant SET weight = 7, priority = 9 WHERE tenant_id = :id")
                .param("id", urgent.id().value())
                .update();
        urgent.awaitTold(apiKeys, caller -> caller.share().priority() == 9);
        var answer = clients.submit(() -> urgent.post("/v1/completions", WHOLE));
        await().until(() -> answers.done() == 1);
        finish.countDown();
        assertThat(answer.get().statusCode()).isEqualTo(200);
        assertThat(answers.statuses()).containsExactlyInAnyOrder(200, 200, 503);
        // The engine's own queue hears of weight and priority too, and the urgent one went before the other that
        // waited.
        assertThat(adapter.requests().get(1).getWeight()).isEqualTo(7);
        assertThat(adapter.requests().get(1).getPriority()).isEqualTo(9);
        assertThat(adapter.requests().get(2).getWeight()).isEqualTo(1);
    }

    @Test
    void keepsAStreamThatWaitsAliveAndNoticesThatItsClientLeaves() throws Exception {
        var answers = new Answers(1);
        await().until(() -> adapter.requests().size() == 1);
        RequestId id;
        try (EventStream stream = tenant.stream("/v1/completions", STREAM)) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
            assertThat(stream.line()).isEqualTo(": ping");
            id = requestId(stream.response());
            assertThat(waiting()).isEqualTo(1);
        }
        await().until(() -> waiting() == 0);
        await().untilAsserted(() ->
                assertThat(records.find(id).orElseThrow().state()).isEqualTo(GenerationRecord.State.CANCELLED));
        finish.countDown();
        assertThat(answers.statuses()).containsOnly(200);
        assertThat(adapter.requests()).hasSize(1);
    }

    @Test
    void refusesWhatWaitedTooLong() throws Exception {
        var answers = new Answers(1);
        await().until(() -> adapter.requests().size() == 1);
        var late = tenant.post("/v1/completions", WHOLE);
        assertThat(late.statusCode()).isEqualTo(503);
        assertThat(late.body()).contains("no place became free within PT4S");
        assertThat(records.find(requestId(late)).orElseThrow().queueWaitMs()).isGreaterThanOrEqualTo(4_000);
        finish.countDown();
        assertThat(answers.statuses()).containsOnly(200);
    }

    @Test
    void putsWhatTheEngineRefusesBackIntoTheQueue() {
        var refusals = new AtomicInteger(3);
        adapter.script((request, generation) -> {
            if (refusals.getAndDecrement() > 0) {
                generation.fail(
                        Status.RESOURCE_EXHAUSTED.withDescription("256 requests in flight (max_inflight: 256)"));
                return;
            }
            generation.prefill();
            generation.commit("done", 1);
            generation.stop();
        });
        var answer = tenant.post("/v1/completions", WHOLE);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(adapter.requests()).hasSize(4);
        assertThat(records.find(requestId(answer)).orElseThrow().dispatches()).isEqualTo(1);
    }

    private int waiting() {
        return (int) meters.get("seedbed.generation.queue.waiting").gauge().value();
    }

    private static RequestId requestId(HttpResponse<?> response) {
        return new RequestId(
                UUID.fromString(response.headers().firstValue("x-request-id").orElseThrow()));
    }

    /** Requests of the tenant, sent one after another and answered when they are. */
    private final class Answers {

        private final List<Future<HttpResponse<String>>> answers = new ArrayList<>();

        Answers(int count) {
            for (int i = 0; i < count; i++) {
                answers.add(clients.submit(() -> tenant.post("/v1/completions", WHOLE)));
            }
        }

        long done() {
            return answers.stream().filter(Future::isDone).count();
        }

        List<Integer> statuses() throws Exception {
            var statuses = new ArrayList<Integer>();
            for (var answer : answers) {
                statuses.add(answer.get().statusCode());
            }
            return statuses;
        }
    }
}
