package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.testkit.FakeInferenceServer;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

@ControlPlaneTest
class BudgetIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    /** What each generation asks for and uses: three output tokens. */
    private static final String BODY = "{\"prompt\": \"say it\", \"max_tokens\": 3}";

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    Balances balances;

    @BeforeEach
    void reset() {
        adapter.reset();
    }

    @Test
    void spendsAtMostABudgetForTwentyOnTwoHundredAtOnce() throws Exception {
        var tenant = TestingTenant.create(port, quotas, Map.of(Unit.OUTPUT_TOKEN, 60L, Unit.POSITION, 100_000L));
        var statuses = new ArrayList<Integer>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var answer : threads.invokeAll(IntStream.range(0, 200)
                    .mapToObj(i -> (Callable<HttpResponse<String>>) () -> tenant.post("/v1/completions", BODY))
                    .toList())) {
                statuses.add(answer.get().statusCode());
            }
        }
        assertThat(statuses.stream().collect(Collectors.groupingBy(s -> s, Collectors.counting())))
                .isEqualTo(Map.of(200, 20L, 429, 180L));
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN).posted()).isEqualTo(60);
        assertThat(tenant.budget(Unit.REQUEST).posted()).isEqualTo(20);
        assertThat(tenant.budgets())
                .allSatisfy(budget -> assertThat(budget.reserved()).isZero());
        assertThat(adapter.requests()).hasSize(20);
        assertThat(balances.drift()).isZero();
        assertThat(tenant.post("/v1/completions", BODY).body()).contains("budget_exceeded");
    }

    @Test
    void keepsTheBudgetsOfTwoTenantsApart() {
        var poor = TestingTenant.create(port, quotas, Map.of(Unit.OUTPUT_TOKEN, 0L, Unit.POSITION, 100_000L));
        var rich = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        assertThat(poor.post("/v1/completions", BODY).statusCode()).isEqualTo(429);
        assertThat(rich.post("/v1/completions", BODY).statusCode()).isEqualTo(200);
        assertThat(poor.budget(Unit.REQUEST).posted()).isZero();
    }
}
