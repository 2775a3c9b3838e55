package dev.seedbed.controlplane.pricing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.LedgerCheck;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

/** Money, over real HTTP: two words of prompt and three of answer cost two input tokens, three output tokens and five positions. */
@ControlPlaneTest
class PricingIT {

    private static final String BODY = "{\"prompt\": \"a b\", \"max_tokens\": 8}";
    private static final String RATES = """
            {"per_million_input_tokens": 1000000, "per_million_output_tokens": 10000000, "per_million_positions": 100000,
             "per_request": 1000}
            """;
    /** 1,000 + 2 * 1 + 3 * 10 + 5 / 10, rounded up. */
    private static final long COST = 1_033;

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    LedgerCheck check;

    AdminClient admin;
    TestingTenant tenant;
    String list;

    @BeforeEach
    void createPricedTenant() {
        ControlPlaneTest.ADAPTER.reset();
        admin = new AdminClient(port);
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        list = TestingPriceList.give(admin, tenant, RATES);
    }

    @Test
    void postsWhatWasDoneAtThePricesOfTheAdmission() {
        var answer = complete();

        var generation = generation(answer);
        assertThat(generation.path("price_list").asString()).isEqualTo(list);
        assertThat(generation.path("price_list_version").asInt()).isEqualTo(1);
        assertThat(posted(generation)).isEqualTo(COST);
        assertThat(tenant.budget(Unit.MICRO_USD).posted()).isEqualTo(COST);
        assertProved();
    }

    @Test
    void keepsThePricesOfARequestThatIsRunningWhenNewOnesArePublished() throws Exception {
        var goOn = new CountDownLatch(1);
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            goOn.await();
            generation.commit("two ", 1);
            generation.commit("three", 1);
            generation.stop();
        });
        String id;
        try (var open =
                tenant.stream("/v1/completions", "{\"prompt\": \"a b\", \"max_tokens\": 8, \"stream\": true}")) {
            open.event();
            id = open.response().headers().firstValue("x-request-id").orElseThrow();
            publish("{\"per_request\": 77}");
            goOn.countDown();
            open.rest();
        }
        ControlPlaneTest.ADAPTER.reset();

        assertThat(posted(admin.get("/generations/" + id).json())).isEqualTo(COST);
        assertThat(posted(generation(complete()))).isEqualTo(77);
        assertProved();
    }

    @Test
    void neverExceedsABudgetOfMoney() throws Exception {
        // Reserved are 1 request, 2 input tokens, 8 output tokens and 2 + 4 * 8 + 4 * 16 positions.
        var needed = 1_000 + 2 + 80 + 10;
        var affordable = 7;
        quotas.setLimit(tenant.id(), Unit.MICRO_USD, COST * (affordable - 1) + needed);
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var calls = IntStream.range(0, 60)
                    .mapToObj(i -> clients.submit(() -> complete().statusCode()))
                    .toList();
            for (var call : calls) {
                assertThat(call.get()).isIn(200, 429);
            }
        }
        while (complete().statusCode() == 200) {
            assertThat(tenant.budget(Unit.MICRO_USD).posted()).isLessThanOrEqualTo(affordable * COST);
        }

        assertThat(tenant.budget(Unit.MICRO_USD).posted()).isEqualTo(affordable * COST);
        var refused = complete();
        assertThat(refused.body()).contains("MICRO_USD", "insufficient_quota");
        assertThat(refused.headers().firstValue("x-should-retry")).contains("false");
        assertProved();
    }

    @Test
    void costsNothingWithoutAList() {
        admin.call("PUT", "/tenants/" + tenant.id() + "/price_list", "{\"name\": null}");

        var generation = generation(complete());

        assertThat(generation.path("price_list").isNull()).isTrue();
        assertThat(posted(generation)).isZero();
    }

    @Test
    void refusesPricesThatMakeNoSense() {
        var versions = "/price_lists/" + list + "/versions";
        assertThat(admin.post(versions, "{\"per_request\": -1}").text("detail")).contains("per_request", "-1");
        assertThat(admin.post(versions, "{\"per_million_input_tokens\": 5, \"per_million_cached_input_tokens\": 6}")
                        .text("detail"))
                .contains("per_million_cached_input_tokens", "0..5");
        assertThat(admin.post("/price_lists", "{\"name\": \"Ä\", \"currency\": \"USD\"}")
                        .status())
                .isEqualTo(400);
        assertThat(admin.post("/price_lists", "{\"name\": \"%s\", \"currency\": \"EUR\"}".formatted(list))
                        .status())
                .isEqualTo(409);
        assertThat(admin.post("/price_lists/none/versions", RATES).status()).isEqualTo(404);
        admin.post("/price_lists", "{\"name\": \"%s-empty\", \"currency\": \"EUR\"}".formatted(list));
        assertThat(admin.call(
                                "PUT",
                                "/tenants/" + tenant.id() + "/price_list",
                                "{\"name\": \"%s-empty\"}".formatted(list))
                        .status())
                .isEqualTo(409);
    }

    @Test
    void showsEveryVersionThatABillCanName() {
        publish("{\"per_request\": 77}");
        publish("{\"per_request\": 78}");
        var versions = "/price_lists/" + list + "/versions";

        var generation = generation(complete());
        var billed = admin.get("/price_lists/%s/versions/%d"
                        .formatted(
                                generation.path("price_list").asString(),
                                generation.path("price_list_version").asInt()))
                .json();
        var first = admin.get(versions + "/1").json();

        assertThat(billed.path("rates").path("per_request").asLong()).isEqualTo(78);
        assertThat(first.path("price_list").asString()).isEqualTo(list);
        assertThat(first.path("currency").asString()).isEqualTo("USD");
        assertThat(first.path("version").asInt()).isEqualTo(1);
        assertThat(first.path("publish_time").asString()).isNotEmpty();
        assertThat(first.path("rates").path("per_million_output_tokens").asLong())
                .isEqualTo(10_000_000);
        assertThat(admin.get(versions).json().path("versions").valueStream()).hasSize(3);
        for (var unknown : List.of(versions + "/0", versions + "/4", "/price_lists/none/versions/1")) {
            assertThat(admin.get(unknown).status()).as(unknown).isEqualTo(404);
        }
        assertThat(admin.get("/price_lists/none/versions").status()).isEqualTo(404);
        assertThat(admin.get(versions + "/first").status()).isEqualTo(400);
    }

    @Test
    void listsVersionsInPagesFromTheNewestOn() {
        publish("{\"per_request\": 77}");
        publish("{\"per_request\": 78}");
        var versions = "/price_lists/" + list + "/versions?page_size=2";

        var page = admin.get(versions);
        // What is published in between is on a page that was read before.
        publish("{\"per_request\": 79}");
        var last = admin.get(versions + "&page_token=" + page.text("next_page_token"));

        assertThat(numbers(page.json())).containsExactly(3, 2);
        assertThat(numbers(last.json())).containsExactly(1);
        assertThat(last.json().path("next_page_token").isNull()).isTrue();
        assertThat(admin.get(versions + "&page_token=x").status()).isEqualTo(400);
    }

    private static List<Integer> numbers(JsonNode page) {
        return page.path("versions")
                .valueStream()
                .map(version -> version.path("version").asInt())
                .toList();
    }

    private void publish(String rates) {
        TestingPriceList.publish(admin, list, rates);
    }

    private HttpResponse<String> complete() {
        return tenant.post("/v1/completions", BODY);
    }

    private JsonNode generation(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(200);
        return admin.get("/generations/"
                        + answer.headers().firstValue("x-request-id").orElseThrow())
                .json();
    }

    private static long posted(JsonNode generation) {
        return generation
                .path("ledger_entries")
                .valueStream()
                .filter(entry -> entry.path("unit").asString().equals("MICRO_USD"))
                .mapToLong(entry -> entry.path("amount").asLong())
                .sum();
    }

    private void assertProved() {
        assertThat(check.verify().differences()).isEmpty();
    }
}
