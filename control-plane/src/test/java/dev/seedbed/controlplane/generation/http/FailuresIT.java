package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.LedgerEntry;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Status;
import java.net.http.HttpResponse;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** What a client sees and what is billed when a part of the path fails. */
@ControlPlaneTest
class FailuresIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final String STREAM = "{\"prompt\": \"say it\", \"stream\": true, \"max_tokens\": 50}";

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    UsageLedger ledger;

    @Autowired
    GenerationRecords records;

    @Autowired
    Balances balances;

    @Autowired
    JdbcClient jdbc;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
    }

    @Test
    void answersWithAStatusWhenTheEngineFailsBeforeTheFirstByte() throws Exception {
        adapter.script((request, generation) -> generation.fail(Status.UNAVAILABLE.withDescription("engine is away")));
        try (var stream = tenant.stream("/v1/completions", STREAM)) {
            assertThat(stream.response().statusCode()).isEqualTo(503);
            assertThat(stream.response().headers().firstValue("retry-after")).isPresent();
        }
        var whole = tenant.post("/v1/completions", "{\"prompt\": \"say it\"}");
        assertThat(whole.statusCode()).isEqualTo(503);
        assertThat(TestingTenant.json(whole).path("error").path("code").asString())
                .isEqualTo("model_unavailable");
        assertThat(tenant.budgets()).allSatisfy(budget -> {
            assertThat(budget.posted()).isZero();
            assertThat(budget.reserved()).isZero();
        });
    }

    @Test
    void endsAStreamWithAnErrorEventWhenTheEngineDiesAfterTheFirstByte() throws Exception {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.UNAVAILABLE.withDescription("engine died"));
        });
        try (var stream = tenant.stream("/v1/completions", STREAM)) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
            var all = stream.rest();
            var last = JsonMapper.shared().readTree(all.getLast());
            assertThat(last.path("error").path("type").asString()).isEqualTo("service_unavailable_error");
            assertThat(all).doesNotContain("[DONE]");
            var record = records.find(requestId(stream.response())).orElseThrow();
            assertThat(record.state()).isEqualTo(GenerationRecord.State.FAILED);
        }
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(1L, 0L);
        assertThat(tenant.budget(Unit.POSITION).posted()).isEqualTo(3);
    }

    @Test
    void reportsAnEngineThatGaveUpAsAnError() {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.finish(FinishReason.FINISH_REASON_ERROR, "nan");
        });
        var answer = tenant.post("/v1/completions", "{\"prompt\": \"say it\"}");
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(tenant.budget(Unit.POSITION))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(2L, 0L);
    }

    @Test
    void billsTheLastReportOfAClientThatLeaves() throws Exception {
        var cancelled = adapter.runUntilCancelled("word ", "word ", "word ");
        var stream = tenant.stream("/v1/completions", STREAM);
        for (int i = 0; i < 3; i++) {
            stream.event();
        }
        stream.close();
        cancelled.await();
        await().untilAsserted(() -> {
            assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(3L, 0L);
            assertThat(tenant.budget(Unit.POSITION))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(5L, 0L);
        });
        assertThat(records.find(requestId(stream.response())).orElseThrow().state())
                .isEqualTo(GenerationRecord.State.CANCELLED);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void postsCheckpointsWhileAStreamGoesOn() throws Exception {
        var goOn = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(goOn));
        try (var stream = tenant.stream("/v1/completions", STREAM)) {
            var id = requestId(stream.response());
            await().untilAsserted(() -> assertThat(ledger.entriesOf(id))
                    .filteredOn(entry -> entry.unit() == Unit.POSITION)
                    .singleElement()
                    .satisfies(entry -> {
                        assertThat(entry.kind()).isEqualTo(LedgerEntry.Kind.CHECKPOINT);
                        assertThat(entry.amount()).isEqualTo(3);
                    }));
            goOn.countDown();
            assertThat(stream.rest()).contains("[DONE]");
            assertThat(ledger.entriesOf(id))
                    .filteredOn(entry -> entry.unit() == Unit.POSITION)
                    .extracting(LedgerEntry::kind, LedgerEntry::seq, LedgerEntry::amount)
                    .containsExactly(
                            tuple(LedgerEntry.Kind.CHECKPOINT, 0, 3L), tuple(LedgerEntry.Kind.SETTLEMENT, 1, 1L));
        }
    }

    @Test
    void stopsAStreamWhoseReservationWasTakenFromIt() throws Exception {
        var cancelled = adapter.runUntilCancelled("one ");
        try (var stream = tenant.stream("/v1/completions", STREAM)) {
            stream.event();
            var id = requestId(stream.response());
            // As another replica would, had this one been silent for the time to live.
            jdbc.sql("""
                    WITH expired AS (
                        UPDATE quota_reservation SET state = 'EXPIRED', resolve_time = now() WHERE reservation_id = :id
                    )
                    UPDATE quota_budget AS budget SET reserved = budget.reserved - (line.reserved - line.posted)
                    FROM quota_reservation_line AS line
                    WHERE line.reservation_id = :id AND line.budget_id = budget.budget_id
                    """).param("id", id.value()).update();
            assertThat(stream.rest().getLast()).contains("reservation has expired");
            cancelled.await();
            await().untilAsserted(() -> assertThat(ledger.entriesOf(id))
                    .filteredOn(entry -> entry.unit() == Unit.POSITION)
                    .extracting(LedgerEntry::amount)
                    .containsExactly(3L));
        }
        assertThat(tenant.budget(Unit.POSITION))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(3L, 0L);
    }

    private static RequestId requestId(HttpResponse<?> response) {
        return new RequestId(
                UUID.fromString(response.headers().firstValue("x-request-id").orElseThrow()));
    }
}
