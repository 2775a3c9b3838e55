package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.ApiKeys;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@ControlPlaneTest
class UsageIT {

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys apiKeys;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
    }

    @Test
    void equalsTheLedger() {
        tenant.post("/v1/completions", "{\"prompt\": \"a b\", \"max_tokens\": 16}");
        tenant.post("/v1/completions", "{\"prompt\": \"a b c\", \"max_tokens\": 16}");
        var sums = sums(pages("start_time=" + (now() - 7_200) + "&bucket_width=1h"));
        for (var unit : List.of(Unit.REQUEST, Unit.INPUT_TOKEN, Unit.OUTPUT_TOKEN, Unit.POSITION)) {
            assertThat(sums.path(unit.name()).asLong())
                    .as(unit.name())
                    .isPositive()
                    .isEqualTo(tenant.budget(unit).posted());
        }
    }

    @Test
    void tellsProjectKeyAndModelApart() {
        tenant.post("/v1/completions", "{\"prompt\": \"a b\", \"max_tokens\": 16}");
        var results = results(pages("start_time=" + (now() - 60) + "&group_by=project,model&group_by%5B%5D=api_key"));
        assertThat(results).singleElement().satisfies(result -> {
            assertThat(result.path("model").asString()).isEqualTo("seedling-v1");
            assertThat(result.path("api_key_id").asString()).hasSize(16);
            assertThat(result.path("project_id").asString()).hasSize(36);
            assertThat(result.path("amounts").path("REQUEST").asLong()).isEqualTo(1);
        });
        assertThat(results(pages("start_time=" + (now() - 60))))
                .singleElement()
                .satisfies(result -> assertThat(result.path("model").isNull()).isTrue());
    }

    @Test
    void countsEveryPostingInOneBucketOfOnePage() {
        tenant.post("/v1/completions", "{\"prompt\": \"a b\", \"max_tokens\": 16}");
        var pages = pages("start_time=" + (now() - 5 * 3_600) + "&bucket_width=1h&limit=2");
        assertThat(pages).hasSizeGreaterThanOrEqualTo(3);
        var buckets = pages.stream()
                .flatMap(page -> StreamSupport.stream(page.path("data").spliterator(), false))
                .toList();
        for (int i = 1; i < buckets.size(); i++) {
            assertThat(buckets.get(i).path("start_time"))
                    .isEqualTo(buckets.get(i - 1).path("end_time"));
        }
        assertThat(sums(pages).path("REQUEST").asLong()).isEqualTo(1);
    }

    @Test
    void showsNothingOfAnotherTenant() {
        tenant.post("/v1/completions", "{\"prompt\": \"a b\", \"max_tokens\": 16}");
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        assertThat(results(pages("start_time=" + (now() - 60)))).isEmpty();
    }

    @Test
    void showsTheCallersLimits() {
        tenant.post("/v1/completions", "{\"prompt\": \"a b\", \"max_tokens\": 16}");
        var limits = TestingTenant.json(tenant.get("/v1/usage/limits")).path("data");
        assertThat(limits)
                .filteredOn(limit -> limit.path("unit").asString().equals("OUTPUT_TOKEN"))
                .singleElement()
                .satisfies(limit -> {
                    assertThat(limit.path("subject").asString()).isEqualTo("tenant");
                    assertThat(limit.path("window").asString()).isEqualTo("ever");
                    assertThat(limit.path("limit").asLong()).isEqualTo(1_000_000);
                    assertThat(limit.path("posted").asLong()).isEqualTo(3);
                    assertThat(limit.path("remaining").asLong()).isEqualTo(999_997);
                    assertThat(limit.path("reset_seconds").isNull()).isTrue();
                });
    }

    @ParameterizedTest
    @CsvSource({
        "'', start_time",
        "start_time=x, start_time",
        "start_time=-1, start_time",
        "start_time=1&start_time=2, start_time",
        "start_time=99999999999, start_time",
        "start_time=20&end_time=10, end_time",
        "start_time=0&bucket_width=1w, bucket_width",
        "start_time=0&group_by=colour, group_by",
        "start_time=0&limit=0, limit",
        "start_time=0&limit=32, limit",
        "start_time=0&page=y, page",
        "start_time=0&colour=red, colour"
    })
    void refusesAParameterByName(String query, String param) {
        var response = tenant.get("/v1/usage?" + query);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(TestingTenant.json(response).path("error").path("param").asString())
                .isEqualTo(param);
    }

    @ParameterizedTest
    @CsvSource({"/v1/usage?start_time=0", "/v1/usage/limits"})
    void isForKeysThatMayReadIt(String path) {
        tenant.permit(jdbc, apiKeys, "{generate}", null);
        assertThat(tenant.get(path).statusCode()).isEqualTo(403);
    }

    private static long now() {
        return Instant.now().getEpochSecond();
    }

    /** All pages, followed by their own tokens. */
    private List<JsonNode> pages(String query) {
        var pages = new ArrayList<JsonNode>();
        var next = "";
        while (true) {
            var response = tenant.get("/v1/usage?" + query + next);
            assertThat(response.statusCode()).isEqualTo(200);
            pages.add(TestingTenant.json(response));
            if (!pages.getLast().path("has_more").asBoolean()) {
                return pages;
            }
            next = "&page=" + pages.getLast().path("next_page").asString();
        }
    }

    private static List<JsonNode> results(List<JsonNode> pages) {
        return pages.stream()
                .flatMap(page -> StreamSupport.stream(page.path("data").spliterator(), false))
                .flatMap(bucket -> StreamSupport.stream(bucket.path("results").spliterator(), false))
                .toList();
    }

    private static JsonNode sums(List<JsonNode> pages) {
        var sums = JsonMapper.shared().createObjectNode();
        results(pages)
                .forEach(result -> result.path("amounts")
                        .properties()
                        .forEach(amount -> sums.put(
                                amount.getKey(),
                                sums.path(amount.getKey()).asLong(0)
                                        + amount.getValue().asLong())));
        return sums;
    }
}
