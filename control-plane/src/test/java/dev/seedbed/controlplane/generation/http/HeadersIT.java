package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Status;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

@ControlPlaneTest
class HeadersIT {

    private static final List<String> ALWAYS = List.of("x-request-id", "openai-processing-ms", "openai-version");

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(
                port, quotas, Map.of(Unit.OUTPUT_TOKEN, 1000L, Unit.POSITION, 100_000L, Unit.REQUEST, 20L));
    }

    @Test
    void tellWhatAnAdmittedRequestLeft() {
        var response = tenant.post("/v1/completions", "{\"prompt\": \"p\", \"max_tokens\": 16}");
        requireAll(response, 200, "984", "19");
        assertThat(response.headers().allValues("ratelimit")).contains("\"output-token\";r=984", "\"request\";r=19");
        assertThat(response.headers().allValues("ratelimit-policy")).contains("\"request\";q=20;qu=\"requests\"");
    }

    @Test
    void tellItAtTheBeginningOfAStream() throws Exception {
        var body = "{\"prompt\": \"p\", \"max_tokens\": 16, \"stream\": true}";
        try (var stream = tenant.stream("/v1/completions", body)) {
            requireAll(stream.response(), 200, "984", "19");
        }
    }

    @Test
    void tellWhereTheLimitsStandWithAnAnswerThatIsReplayed() throws Exception {
        var body = "{\"prompt\": \"p\", \"max_tokens\": 16}";
        tenant.send(keyed(body));
        requireAll(tenant.send(keyed(body)), 200, "997", "19");
        try (var stream = tenant.stream(keyed(body.replace("}", ", \"stream\": true}")))) {
            requireAll(stream.response(), 200, "997", "19");
        }
    }

    @Test
    void tellWhereTheLimitsStandWithAFailureThatIsReplayed() {
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
        var body = "{\"prompt\": \"p\", \"max_tokens\": 16}";
        var first = tenant.send(keyed(body));
        requireAll(first, first.statusCode(), "984", "19");
        var again = tenant.send(keyed(body));
        assertThat(again.headers().firstValue("idempotency-replayed")).hasValue("true");
        requireAll(again, first.statusCode(), "999", "19");
    }

    @Test
    void tellWhereTheLimitsStandWithAnAnswerThatIsJoinedWhileItRuns() throws Exception {
        var go = new CountDownLatch(1);
        ControlPlaneTest.ADAPTER.script(FakeInferenceServer.pausedAfterOneWord(go));
        var body = "{\"prompt\": \"p\", \"max_tokens\": 16, \"stream\": true}";
        try (var first = tenant.stream(keyed(body));
                var second = tenant.stream(keyed(body))) {
            requireAll(second.response(), 200, "984", "19");
            go.countDown();
            first.rest();
        }
    }

    @Test
    void tellWhatARetryLeftThatAdoptsTheAttemptBeforeIt() {
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
        tenant.send(retry(0));
        ControlPlaneTest.ADAPTER.reset();
        // The failed attempt's token and request are given back after the retry has reserved its own.
        requireAll(tenant.send(retry(1)), 200, "984", "19");
    }

    @Test
    void tellWhereTheLimitsStandWithEveryRefusal() {
        requireAll(tenant.post("/v1/completions", "{\"prompt\": \"p\", \"max_tokens\": 0}"), 400, "1000", "20");
        requireAll(tenant.post("/v1/completions", "{\"prompt\": \"p\", \"model\": \"none\"}"), 404, "1000", "20");
    }

    @Test
    void tellWhereTheLimitsStandWhenABudgetIsSpent() {
        quotas.setLimit(tenant.id(), Unit.OUTPUT_TOKEN, 10L);
        var response = tenant.post("/v1/completions", "{\"prompt\": \"p\", \"max_tokens\": 16}");
        requireAll(response, 429, "10", "20");
        assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
    }

    @Test
    void tellWhereTheLimitsStandWithTheListOfModels() {
        requireAll(tenant.get("/v1/models"), 200, "1000", "20");
    }

    @Test
    void tellAStrangerNothingOfLimits() {
        var response = tenant.send(tenant.request("/v1/models").setHeader("Authorization", "Bearer nonsense"));
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().map()).containsKeys(ALWAYS.toArray(String[]::new));
        assertThat(response.headers().map().keySet()).noneMatch(name -> name.contains("ratelimit"));
    }

    private HttpRequest.Builder keyed(String body) {
        return tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "the-same-for-one-tenant")
                .POST(BodyPublishers.ofString(body));
    }

    private HttpRequest.Builder retry(int count) {
        return tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .header("x-stainless-retry-count", Integer.toString(count))
                .POST(BodyPublishers.ofString("{\"prompt\": \"p\", \"max_tokens\": 16}"));
    }

    private static void requireAll(HttpResponse<?> response, int status, String tokensLeft, String requestsLeft) {
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().map()).containsKeys(ALWAYS.toArray(String[]::new));
        assertThat(response.headers().firstValue("x-ratelimit-remaining-tokens"))
                .hasValue(tokensLeft);
        assertThat(response.headers().firstValue("x-ratelimit-remaining-requests"))
                .hasValue(requestsLeft);
        assertThat(response.headers().firstValue("x-ratelimit-limit-requests")).hasValue("20");
    }
}
