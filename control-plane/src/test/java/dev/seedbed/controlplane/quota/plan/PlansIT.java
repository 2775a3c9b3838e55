package dev.seedbed.controlplane.quota.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.QuotaOverHttp;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans over the admin API, and what they do to requests over real HTTP. */
@ControlPlaneTest
class PlansIT extends QuotaOverHttp {

    private static final String OPEN =
            limit("OUTPUT_TOKEN", "EVER", "1000000") + "," + limit("POSITION", "EVER", "null");

    String plan;

    @Override
    protected Map<Unit, Long> limits() {
        return Map.of();
    }

    @BeforeEach
    void namePlan() {
        plan = "plan-" + UUID.randomUUID();
    }

    @Test
    void holdForTheTenantsTheyAreGivenTo() {
        create(OPEN + "," + limit("REQUEST", "DAY", "1"));
        assertThat(complete().body()).contains("budget_exceeded");

        assertThat(assign(path, plan).text("name")).isEqualTo(plan);

        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().body()).contains("budget_exceeded", "REQUEST", "limit of the tenant, window day");
        assertThat(balances.drift()).isZero();
    }

    @Test
    void loseAgainstLimitsOfTheirOwn() {
        create(OPEN + "," + limit("REQUEST", "DAY", "1"));
        assign(path, plan);
        set(path + "/limits/REQUEST/DAY", 2);

        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);

        assertThat(admin.call("DELETE", path + "/limits/REQUEST/DAY", null).status())
                .isEqualTo(204);
        assertThat(budget(Unit.REQUEST, Window.DAY))
                .extracting(Budget::limit, Budget::posted)
                .containsExactly(1L, 2L);
    }

    @Test
    void sayOfEachLimitWhereItComesFrom() {
        create(OPEN + "," + limit("REQUEST", "DAY", "5"));
        assign(path, plan);
        set(path + "/limits/REQUEST/DAY", 2);

        var limits = admin.get(path + "/limits");

        assertThat(limits.text("plan")).isEqualTo(plan);
        assertThat(sources(limits))
                .containsEntry("REQUEST/DAY", "OWN")
                .containsEntry("OUTPUT_TOKEN/EVER", "PLAN")
                .containsEntry("INPUT_TOKEN/EVER", "DEFAULT");
    }

    @Test
    void holdForProjectsAndKeysToo() {
        create(OPEN);
        assign(path, plan);
        var once = plan + "-once";
        var twice = plan + "-twice";
        create(once, limit("REQUEST", "EVER", "1"));
        create(twice, limit("REQUEST", "EVER", "2"));

        assign(projectPath, twice);
        assign(keyPath, once);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().body()).contains("limit of the key");

        assign(keyPath, null);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().body()).contains("limit of the project");
    }

    @Test
    void changeForAllAtOnceAndKeepWhatWasUsed() {
        create(OPEN + "," + limit("REQUEST", "MONTH", "2"));
        assign(path, plan);
        var other = TestingTenant.create(port, quotas, Map.of());
        assign("/tenants/" + other.id(), plan);
        complete();
        complete();
        assertThat(complete().statusCode()).isEqualTo(429);

        update(OPEN + "," + limit("REQUEST", "MONTH", "3"));

        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);
        assertThat(budget(Unit.REQUEST, Window.MONTH).posted()).isEqualTo(3);
        update(OPEN + "," + limit("REQUEST", "MONTH", "0"));
        assertThat(other.post("/v1/completions", BODY).statusCode()).isEqualTo(429);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void keepWhatWasUsedWhenAnotherOneIsGiven() {
        create(OPEN + "," + limit("REQUEST", "DAY", "9"));
        var small = plan + "-small";
        create(small, OPEN + "," + limit("REQUEST", "DAY", "2"));
        assign(path, plan);
        complete();
        complete();

        assign(path, small);
        assertThat(complete().statusCode()).isEqualTo(429);
        assertThat(budget(Unit.REQUEST, Window.DAY).posted()).isEqualTo(2);

        assign(path, plan);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(budget(Unit.REQUEST, Window.DAY).posted()).isEqualTo(3);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void cutNothingThatRunsWhenTheyChange() throws Exception {
        create(OPEN + "," + limit("REQUEST", "DAY", "5") + "," + limit("CONCURRENT_REQUEST", "EVER", "5"));
        assign(path, plan);
        var goOn = new CountDownLatch(1);
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            goOn.await();
            generation.stop();
        });
        try (var open = tenant.stream("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 8, \"stream\": true}")) {
            open.event();
            update(limit("OUTPUT_TOKEN", "EVER", "4") + "," + limit("POSITION", "EVER", "null") + ","
                    + limit("REQUEST", "DAY", "1"));
            assertThat(complete().statusCode()).isEqualTo(429);
            assertThat(budget(Unit.OUTPUT_TOKEN, Window.EVER).reserved()).isPositive();
            goOn.countDown();
            assertThat(open.rest()).last().isEqualTo("[DONE]");
        }

        assertThat(budget(Unit.OUTPUT_TOKEN, Window.EVER))
                .extracting(Budget::limit, Budget::posted, Budget::reserved)
                .containsExactly(4L, 1L, 0L);
        assertThat(budget(Unit.REQUEST, Window.DAY).posted()).isEqualTo(1);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void changeUnderABurstWithoutAFailureAndLoseNoCount() throws Exception {
        create(OPEN + "," + limit("REQUEST", "DAY", "1000"));
        var part = plan + "-part";
        create(part, limit("REQUEST", "DAY", "1000"));
        assign(path, plan);
        assign(projectPath, part);
        assign(keyPath, part);

        var statuses = new ArrayList<Integer>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var burst = IntStream.range(0, 100)
                    .mapToObj(i -> threads.submit(() -> complete().statusCode()))
                    .toList();
            for (var i = 0; i < 10; i++) {
                update(OPEN + "," + limit("REQUEST", "DAY", String.valueOf(500 + i)));
                var changed = admin.call(
                        "PATCH",
                        "/plans/" + part,
                        "{\"limits\": [%s]}".formatted(limit("REQUEST", "DAY", "" + (600 + i))));
                assertThat(changed.status()).as(changed.text("detail")).isEqualTo(200);
            }
            for (var one : burst) {
                statuses.add(one.get());
            }
        }

        assertThat(statuses).hasSize(100).containsOnly(200);
        assertThat(budget(Unit.REQUEST, Window.DAY))
                .extracting(Budget::limit, Budget::posted, Budget::reserved)
                .containsExactly(509L, 100L, 0L);
        assertThat(balances.drift()).isZero();
    }

    @Test
    void areNeverDeletedWhileSomebodyHasThem() {
        create(OPEN);
        assign(path, plan);

        var refused = admin.call("DELETE", "/plans/" + plan, null);
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.text("code")).isEqualTo("failed_precondition");
        assertThat(refused.text("detail")).contains("1 subjects", "tenant/" + tenant.id());

        assign(path, null);
        assertThat(admin.call("DELETE", "/plans/" + plan, null).status()).isEqualTo(204);
        assertThat(admin.get("/plans/" + plan).status()).isEqualTo(404);
        assertThat(complete().statusCode()).isEqualTo(429);
    }

    @Test
    void areRefusedWhenALimitIsNull() {
        create(OPEN);
        for (var limits : List.of("[null]", "[" + OPEN + ", null]")) {
            var changed = admin.call("PATCH", "/plans/" + plan, "{\"limits\": " + limits + "}");
            var made = admin.call("POST", "/plans", "{\"name\": \"%s-2\", \"limits\": %s}".formatted(plan, limits));
            for (var refused : List.of(changed, made)) {
                assertThat(refused.status()).isEqualTo(400);
                assertThat(refused.text("detail")).endsWith("] is null (expected: a PlanLimit)");
            }
        }
        assertThat(admin.get("/plans/" + plan).json().path("limits")).hasSize(2);
    }

    @Test
    void areAuditedOnceForEachChange() {
        create(limit("REQUEST", "DAY", "5"));
        update(limit("REQUEST", "DAY", "6"));
        update(limit("REQUEST", "DAY", "6"));
        assign(path, plan);
        assign(path, plan);

        assertThat(actions("plans/" + plan)).containsExactly("plan.update", "plan.create");
        assertThat(actions(path.substring(1) + "/plan")).containsExactly("plan.assign");
    }

    @Test
    void showTheirLimitsByUnitAndWindow() {
        var created = create(limit("OUTPUT_TOKEN", "MINUTE", "7") + "," + limit("REQUEST", "DAY", "5"));

        assertThat(created.header("location")).isEqualTo("/admin/v1/plans/" + plan);
        assertThat(created.json().path("limits").toString())
                .isEqualTo("[{\"unit\":\"REQUEST\",\"window\":\"DAY\",\"limit\":5,\"durability\":\"STRICT\"},"
                        + "{\"unit\":\"OUTPUT_TOKEN\",\"window\":\"MINUTE\",\"limit\":7,\"durability\":\"STRICT\"}]");
        assertThat(admin.get("/plans").json().path("plans").valueStream()).contains(created.json());
        var again = admin.post("/plans", "{\"name\": \"%s\"}".formatted(plan));
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.text("existingId")).isEqualTo(plan);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"name": "No Spaces"}                                                              | name
            {}                                                                                 | name
            {"name": "x", "limits": [{"unit": "REQUEST", "window": "DAY"}]}                    | limit
            {"name": "x", "limits": [{"unit": "REQUEST", "limit": 1}]}                         | window
            {"name": "x", "limits": [{"unit": "REQUEST", "window": "DAY", "limit": -1}]}       | limit
            {"name": "x", "limits": [{"unit": "BANANA", "window": "DAY", "limit": 1}]}         | limits.[0].unit
            {"name": "x", "limits": [{"unit": "CONCURRENT_REQUEST", "window": "DAY", "limit": 1}]} | window
            {"name": "x", "limits": [{"unit": "REQUEST", "window": "DAY", "limit": 1}, {"unit": "REQUEST", "window": "DAY", "limit": 2}]} | limits
            """)
    void nameWhatIsWrong(String body, String field) {
        var answer = admin.post("/plans", body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("errors").path(0).path("field").asString())
                .as(answer.text("detail"))
                .isEqualTo(field);
    }

    @Test
    void areRefusedWhereARequestWouldMeetMoreThanSixteenLimits() {
        create(OPEN + "," + limits(6));
        assign(path, plan);
        var nine = plan + "-nine";
        create(nine, limits(9));
        assign(projectPath, nine);
        var before = admin.get(path + "/limits").json();

        // 7 of the tenant, since POSITION is only counted, and 9 of the project.
        var one = admin.call("PUT", keyPath + "/limits/REQUEST/EVER", "{\"limit\": 1}");
        assertThat(one.status()).isEqualTo(400);
        assertThat(one.text("detail"))
                .contains(
                        "too many limits of one request: 17 (expected: at most 16; 7 of tenant/",
                        "9 of project/",
                        "1 of key/");
        assertThat(admin.get(keyPath + "/limits").json().path("limits").size()).isZero();

        var raised = admin.call("PATCH", "/plans/" + plan, "{\"limits\": [%s]}".formatted(OPEN + "," + limits(7)));
        assertThat(raised.status()).isEqualTo(400);
        assertThat(raised.text("detail")).contains("17", "8 of tenant/" + tenant.id());
        assertThat(admin.get(path + "/limits").json()).isEqualTo(before);
        assertThat(admin.get("/plans/" + plan).json().path("limits").size()).isEqualTo(8);

        assertThat(admin.call("PATCH", "/plans/" + plan, "{\"limits\": [%s]}".formatted(OPEN + "," + limits(5)))
                        .status())
                .isEqualTo(200);
        set(keyPath + "/limits/REQUEST/EVER", 1);
        assertThat(complete().statusCode()).isEqualTo(200);
        assertThat(complete().statusCode()).isEqualTo(429);
    }

    @Test
    void areNoneThatAreNotThere() {
        assertThat(admin.call("PUT", path + "/plan", "{\"name\": \"no-such-plan\"}")
                        .status())
                .isEqualTo(404);
        assertThat(admin.call("PATCH", "/plans/no-such-plan", "{\"limits\": []}")
                        .status())
                .isEqualTo(404);
        create(OPEN);
        assertThat(admin.call("PUT", "/tenants/" + UUID.randomUUID() + "/plan", "{\"name\": \"%s\"}".formatted(plan))
                        .status())
                .isEqualTo(404);
        assertThat(admin.call("PUT", path + "/plan", "{}").status()).isEqualTo(400);
    }

    private static String limit(String unit, String window, String amount) {
        return "{\"unit\": \"%s\", \"window\": \"%s\", \"limit\": %s}".formatted(unit, window, amount);
    }

    /** So many generous ones. */
    private static String limits(int number) {
        var all = new ArrayList<String>();
        for (var window : List.of("MINUTE", "HOUR", "DAY", "MONTH")) {
            for (var unit : List.of("REQUEST", "INPUT_TOKEN", "OUTPUT_TOKEN")) {
                all.add(limit(unit, window, "1000000"));
            }
        }
        return String.join(",", all.subList(0, number));
    }

    private Answer create(String limits) {
        return create(plan, limits);
    }

    private Answer create(String name, String limits) {
        var created = admin.post("/plans", "{\"name\": \"%s\", \"limits\": [%s]}".formatted(name, limits));
        assertThat(created.status()).as(created.text("detail")).isEqualTo(201);
        return created;
    }

    private void update(String limits) {
        var updated = admin.call("PATCH", "/plans/" + plan, "{\"limits\": [%s]}".formatted(limits));
        assertThat(updated.status()).as(updated.text("detail")).isEqualTo(200);
    }

    private Answer assign(String subject, @Nullable String name) {
        var assigned = admin.call(
                "PUT", subject + "/plan", "{\"name\": %s}".formatted(name == null ? "null" : "\"" + name + "\""));
        assertThat(assigned.status()).as(assigned.text("detail")).isEqualTo(200);
        return assigned;
    }

    private static Map<String, String> sources(Answer limits) {
        return limits.json()
                .path("limits")
                .valueStream()
                .collect(Collectors.toMap(
                        limit -> limit.path("unit").asString() + "/"
                                + limit.path("window").asString(),
                        limit -> limit.path("source").asString()));
    }

    private List<String> actions(String resource) {
        return admin.get("/audit_entries?resource=" + resource)
                .json()
                .path("audit_entries")
                .valueStream()
                .map(entry -> entry.path("action").asString())
                .toList();
    }
}
