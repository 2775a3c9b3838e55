package dev.seedbed.controlplane.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.usage.Balances;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What tests of quota over real HTTP begin with: a tenant of their own, what operators set of it, and its requests. */
public abstract class QuotaOverHttp {

    protected static final String BODY = "{\"prompt\": \"a b\", \"max_tokens\": 8}";

    @LocalServerPort
    protected int port;

    @Autowired
    protected Quotas quotas;

    @Autowired
    protected Balances balances;

    @Autowired
    protected JdbcClient jdbc;

    protected AdminClient admin;
    protected TestingTenant tenant;

    /** Of the tenant, its project and its key in the admin API. */
    protected String path;

    protected String projectPath;
    protected String keyPath;

    /** With which the tenant begins. */
    protected Map<Unit, Long> limits() {
        return TestingTenant.PLENTY;
    }

    @BeforeEach
    protected void createTenant() {
        ControlPlaneTest.ADAPTER.reset();
        admin = new AdminClient(port);
        tenant = TestingTenant.create(port, quotas, limits());
        path = "/tenants/" + tenant.id();
        keyPath = path + "/api_keys/" + tenant.key().split("-")[2];
        projectPath = path + "/projects/" + admin.get(keyPath).text("project_id");
    }

    protected HttpResponse<String> complete() {
        return tenant.post("/v1/completions", BODY);
    }

    /** @param limitPath subject, unit and window */
    protected void set(String limitPath, long limit) {
        assertThat(admin.call("PUT", limitPath, "{\"limit\": %d}".formatted(limit))
                        .status())
                .isEqualTo(200);
    }

    protected Budget budget(Unit unit, Window window) {
        return tenant.budgets().stream()
                .filter(budget -> budget.key().equals(new Limit.Key(unit, window)))
                .findFirst()
                .orElseThrow();
    }
}
