package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
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
