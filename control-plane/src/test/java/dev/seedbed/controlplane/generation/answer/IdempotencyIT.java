package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.generation.TestingTenant.EventStream;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Status;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
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
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.node.ObjectNode;

/** What comes of a request with an idempotency key that is asked again, on this replica or on another. */
@ControlPlaneTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdempotencyIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final String PATH = "/v1/chat/completions";
    private static final String MESSAGES = "\"messages\": [{\"role\": \"user\", \"content\": \"say it\"}]";
    private static final String WHOLE = "{" + MESSAGES + ", \"max_tokens\": 40}";
    private static final String STREAM =
            "{" + MESSAGES + ", \"max_tokens\": 40, \"stream\": true, \"stream_options\": {\"include_usage\": true}}";

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys apiKeys;

    @Autowired
    Environment environment;

    @Autowired
    Quotas quotas;

    @Autowired
    Balances balances;

    @Autowired
    AnswerStore store;

    @Autowired
    JdbcClient jdbc;

    Replica other;
    Replica hasty;
    TestingTenant tenant;
    String key;

    @BeforeAll
    void startReplicas() {
        other = Replica.of(environment);
        hasty = Replica.of(
                environment,
                "seedbed.answer.detached-for=0s",
                "seedbed.answer.max-bytes=10",
                "seedbed.answer-log-secret=another-answer-log-secret-of-32-characters");
    }

    @AfterAll
    void stopReplicas() {
        other.close();
        hasty.close();
    }

    @BeforeEach
    void newTenant() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        key = UUID.randomUUID().toString();
    }

    @Test
    void replaysAWholeAnswerOnEveryReplica() {
        var first = post(tenant, WHOLE);
        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.headers().firstValue("idempotency-replayed")).isEmpty();
        for (var replica : List.of(tenant, tenant.at(other.port()))) {
            var again = post(replica, WHOLE);
            assertThat(again.statusCode()).isEqualTo(200);
            assertThat(again.body()).isEqualTo(first.body());
            assertThat(again.headers().firstValue("idempotency-replayed")).hasValue("true");
        }
        requireOneGeneration(3, 4);
    }

    @Test
    void rendersOneAnswerWholeAndStreamed() throws Exception {
        List<String> streamed;
        try (var stream = stream(tenant, STREAM)) {
            streamed = stream.rest();
        }
        try (var stream = stream(tenant.at(other.port()), STREAM)) {
            assertThat(stream.response().headers().firstValue("idempotency-replayed"))
                    .hasValue("true");
            assertThat(stream.rest()).isEqualTo(streamed);
        }
        var whole = TestingTenant.json(post(tenant, WHOLE));
        assertThat(whole.path("choices").get(0).path("message").path("content").asString())
                .isEqualTo("one two three");
        assertThat(streamed.getFirst()).contains(whole.path("id").asString());
        assertThat(streamed.getFirst())
                .contains("\"created\":" + whole.path("created").asLong());
        assertThat(streamed.get(streamed.size() - 2))
                .contains(whole.path("usage").toString());
        requireOneGeneration(3, 4);
    }

    @Test
    void replaysAFailureAfterExecutionBegan() throws Exception {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
        var first = post(tenant, WHOLE);
        adapter.reset();
        var again = post(tenant.at(other.port()), WHOLE);
        assertThat(again.statusCode()).isEqualTo(first.statusCode()).isGreaterThanOrEqualTo(500);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.headers().firstValue("idempotency-replayed")).hasValue("true");
        try (var stream = stream(tenant, STREAM)) {
            assertThat(stream.rest()).hasSize(3).last().asString().contains("\"error\"");
        }
        assertThat(adapter.requests()).isEmpty();
    }

    @Test
    void refusesTheKeyForAnotherRequest() {
        post(tenant, WHOLE);
        var reused = post(tenant, WHOLE.replace("40", "41"));
        assertThat(reused.statusCode()).isEqualTo(422);
        assertThat(code(reused)).isEqualTo("idempotency_key_reused");
        requireOneGeneration(3, 4);
    }

    @Test
    void countsAKeyForOneRouteAndOneTenantOnly() {
        post(tenant, WHOLE);
        var completion = tenant.send(keyed(tenant, "/v1/completions", "{\"prompt\": \"say it\"}"));
        assertThat(completion.headers().firstValue("idempotency-replayed")).isEmpty();
        var stranger = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        assertThat(post(stranger, WHOLE).headers().firstValue("idempotency-replayed"))
                .isEmpty();
        assertThat(adapter.requests()).hasSize(3);
    }

    @Test
    void refusesAMalformedKeyByItsName() {
        key = "two words";
        var refused = post(tenant, WHOLE);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(TestingTenant.json(refused).path("error").path("param").asString())
                .isEqualTo("idempotency-key");
        assertThat(adapter.requests()).isEmpty();
    }

    @Test
    void recordsNothingOfARequestThatIsRefused() {
        assertThat(post(tenant, WHOLE.replace("40", "9999")).statusCode()).isEqualTo(400);
        quotas.setLimit(tenant.id(), Unit.OUTPUT_TOKEN, 1L);
        assertThat(post(tenant, WHOLE).statusCode()).isEqualTo(429);
        quotas.setLimit(tenant.id(), Unit.OUTPUT_TOKEN, 1_000L);
        assertThat(post(tenant, WHOLE).statusCode()).isEqualTo(200);
        requireOneGeneration(3, 4);
    }

    @Test
    void attachesToARunningAnswerFromItsBeginningToItsEnd() throws Exception {
        var go = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(go));
        try (var first = stream(tenant, STREAM);
                var second = stream(tenant, STREAM);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var opening = List.of(first.data(), first.data());
            assertThat(List.of(second.data(), second.data())).isEqualTo(opening);
            var whole = threads.submit(() -> post(tenant, WHOLE));
            assertThat(second.response().headers().firstValue("idempotency-replayed"))
                    .hasValue("true");
            go.countDown();
            assertThat(second.rest()).isEqualTo(first.rest());
            assertThat(TestingTenant.json(whole.get())
                            .path("choices")
                            .get(0)
                            .path("message")
                            .path("content")
                            .asString())
                    .isEqualTo("one two");
        }
        requireOneGeneration(2, 3);
    }

    @Test
    void asksToComeBackWhileItRunsOnAnotherReplica() throws Exception {
        var go = new CountDownLatch(1);
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one", 1);
            go.await();
            generation.stop();
        });
        try (var first = stream(tenant, STREAM)) {
            first.data();
            var elsewhere = post(tenant.at(other.port()), WHOLE);
            assertThat(elsewhere.statusCode()).isEqualTo(409);
            assertThat(code(elsewhere)).isEqualTo("idempotency_in_progress");
            assertThat(elsewhere.headers().firstValue("retry-after")).hasValue("1");
            assertThat(elsewhere.headers().firstValue("x-should-retry")).hasValue("true");
            go.countDown();
            first.rest();
        }
        assertThat(post(tenant.at(other.port()), WHOLE).statusCode()).isEqualTo(200);
        requireOneGeneration(1, 2);
    }

    @Test
    void generatesOnceHoweverManyRaceOnBothReplicas() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = new ArrayList<Future<HttpResponse<String>>>();
            for (int i = 0; i < 24; i++) {
                var replica = tenant.at(i % 2 == 0 ? port : other.port());
                answers.add(threads.submit(() -> post(replica, WHOLE)));
            }
            for (var answer : answers) {
                var response = answer.get();
                assertThat(response.statusCode()).isIn(200, 409);
                if (response.statusCode() == 409) {
                    assertThat(code(response)).isEqualTo("idempotency_in_progress");
                }
            }
        }
        requireOneGeneration(3, 4);
    }

    @Test
    void continuesAfterItsClientIsGone() throws Exception {
        var go = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(go));
        try (var first = stream(tenant, STREAM)) {
            first.data();
            first.data();
        }
        go.countDown();
        await().untilAsserted(() -> assertThat(ended()).isEqualTo(1));
        try (var again = stream(tenant, STREAM)) {
            assertThat(String.join("", again.rest())).contains("one ").contains("two");
        }
        requireOneGeneration(2, 3);
    }

    @Test
    void stopsWhenNobodyReadsAndNeverGeneratesAgain() throws Exception {
        var cancelled = adapter.runUntilCancelled("one ");
        try (var first = stream(tenant.at(hasty.port()), STREAM)) {
            first.data();
            first.data();
        }
        cancelled.await();
        await().untilAsserted(() -> assertThat(tenant.budget(Unit.POSITION))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(2L, 0L));
        requireUnavailable(post(tenant, WHOLE));
        requireOneGeneration(1, 2);
    }

    @Test
    void neverGeneratesAgainAfterACrash() {
        post(tenant, WHOLE);
        // As a crash between the admission and the end leaves it.
        jdbc.sql("DELETE FROM answer_chunk").update();
        jdbc.sql(
                        "UPDATE answer_record SET end_time = NULL, chunks = NULL, answer_expire_time = NULL WHERE tenant_id = ?")
                .param(tenant.id().value())
                .update();
        jdbc.sql("UPDATE usage_generation SET state = 'EXPIRED' WHERE tenant_id = ?")
                .param(tenant.id().value())
                .update();
        requireUnavailable(post(tenant, WHOLE));
        requireUnavailable(post(tenant.at(other.port()), WHOLE));
        assertThat(adapter.requests()).hasSize(1);
        jdbc.sql("UPDATE usage_generation SET state = 'FINISHED' WHERE tenant_id = ?")
                .param(tenant.id().value())
                .update();
    }

    @Test
    void keepsNothingOfAnAnswerWithoutRetentionAndNeverGeneratesAgain() {
        tenant.retainAnswers(jdbc, apiKeys, 0);
        var prompt = "unmistakable" + UUID.randomUUID().toString().replace("-", "");
        var word = "answered" + UUID.randomUUID().toString().replace("-", "");
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit(word, 1);
            generation.stop();
        });
        var body = WHOLE.replace("say it", prompt);
        assertThat(post(tenant, body).body()).contains(word);
        requireUnavailable(post(tenant, body));
        requireUnavailable(post(tenant.at(other.port()), body));
        assertThat(adapter.requests()).hasSize(1);
        assertThat(chunks()).isZero();
        for (var text : List.of(prompt, word, key)) {
            assertThat(tablesThatHold(text)).isEmpty();
        }
    }

    @Test
    void showsNoTextInTheDatabaseAndOpensNothingWithAnotherSecret() {
        var word = "answered" + UUID.randomUUID().toString().replace("-", "");
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit(word, 1);
            generation.stop();
        });
        var first = post(tenant, WHOLE);
        assertThat(first.body()).contains(word);
        assertThat(chunks()).isEqualTo(1);
        assertThat(tablesThatHold(word)).isEmpty();
        assertThat(tablesThatHold(key)).isEmpty();
        requireUnavailable(post(tenant.at(hasty.port()), WHOLE));
        assertThat(post(tenant, WHOLE).body()).isEqualTo(first.body());
    }

    @Test
    void keepsNoAnswerThatIsTooLong() throws Exception {
        var read = new CountDownLatch(1);
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("12345678", 1);
            read.await();
            generation.commit("abcdefgh", 1);
            generation.stop();
        });
        var hastily = tenant.at(hasty.port());
        try (var stream = stream(hastily, STREAM)) {
            stream.data();
            assertThat(stream.data()).contains("12345678");
            read.countDown();
            assertThat(String.join("", stream.rest())).contains("abcdefgh").contains("[DONE]");
        }
        requireUnavailable(post(hastily, WHOLE));
        requireUnavailable(post(tenant, WHOLE));
        requireOneGeneration(2, 3);
    }

    @Test
    void sweepsAnswersAfterTheirRetentionAndKeysAfterTheirs() {
        tenant.retainAnswers(jdbc, apiKeys, 1);
        post(tenant, WHOLE);
        pass("59 minutes");
        assertThat(post(tenant, WHOLE).statusCode()).isEqualTo(200);
        pass("2 minutes");
        requireUnavailable(post(tenant, WHOLE));
        store.sweep();
        assertThat(chunks()).isZero();
        requireUnavailable(post(tenant, WHOLE));
        pass("23 hours");
        assertThat(post(tenant, WHOLE).headers().firstValue("idempotency-replayed"))
                .isEmpty();
        assertThat(adapter.requests()).hasSize(2);
    }

    @Test
    void followsARetentionThatWasShortened() {
        post(tenant, WHOLE);
        tenant.retainAnswers(jdbc, apiKeys, 0);
        requireUnavailable(post(tenant, WHOLE));
    }

    private void pass(String time) {
        jdbc.sql("""
                UPDATE answer_record
                SET end_time = end_time - ?::interval, answer_expire_time = answer_expire_time - ?::interval,
                    expire_time = expire_time - ?::interval
                WHERE tenant_id = ?
                """).params(time, time, time, tenant.id().value()).update();
    }

    private long chunks() {
        return count("answer_chunk JOIN answer_record USING (request_id) WHERE tenant_id = ?");
    }

    private long ended() {
        return count("answer_record WHERE end_time IS NOT NULL AND tenant_id = ?");
    }

    private long count(String from) {
        return jdbc.sql("SELECT count(*) FROM " + from)
                .param(tenant.id().value())
                .query(Long.class)
                .single();
    }

    /** Bytes show as hexadecimal digits. */
    private List<String> tablesThatHold(String text) {
        var hex = HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
        return jdbc
                .sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                .query((row, n) -> String.valueOf(row.getString(1)))
                .list()
                .stream()
                .filter(table ->
                        jdbc.sql("SELECT count(*) FROM \"%s\" AS one WHERE one::text LIKE ? OR one::text LIKE ?"
                                                .formatted(table))
                                        .params("%" + text + "%", "%" + hex + "%")
                                        .query(Long.class)
                                        .single()
                                > 0)
                .toList();
    }

    private void requireOneGeneration(long outputTokens, long positions) {
        assertThat(adapter.requests()).hasSize(1);
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(outputTokens, 0L);
        assertThat(tenant.budget(Unit.POSITION))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(positions, 0L);
        assertThat(tenant.budget(Unit.REQUEST).posted()).isEqualTo(1);
        assertThat(balances.drift()).isZero();
    }

    private static void requireUnavailable(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(409);
        assertThat(code(response)).isEqualTo("replay_unavailable");
        assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
    }

    private static String code(HttpResponse<String> response) {
        return ((ObjectNode) TestingTenant.json(response))
                .path("error")
                .path("code")
                .asString();
    }

    private HttpRequest.Builder keyed(TestingTenant from, String path, String body) {
        return from.request(path)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(body));
    }

    private HttpResponse<String> post(TestingTenant from, String body) {
        return from.send(keyed(from, PATH, body));
    }

    private EventStream stream(TestingTenant from, String body) throws Exception {
        return from.stream(keyed(from, PATH, body));
    }
}
