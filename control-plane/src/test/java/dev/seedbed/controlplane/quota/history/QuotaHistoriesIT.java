package dev.seedbed.controlplane.quota.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.generation.AccountingContext;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Balances;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The same histories over memory and over PostgreSQL, every counter compared after every step. */
class QuotaHistoriesIT {

    private static final int COUNT = Integer.getInteger("seedbed.replayed-histories", 60);
    private static final Duration LONGEST = Duration.ofSeconds(1);
    private static final int MOST_REPLAYS = 5;

    private static AnnotationConfigApplicationContext context;

    @BeforeAll
    static void start() {
        context = AccountingContext.start();
        // Only the books here look for a tenant's rows, and each history would take longer than those before it.
        context.getBean(JdbcClient.class).sql("""
                CREATE INDEX ON quota_budget (tenant_id);
                CREATE INDEX ON quota_reservation (tenant_id);
                CREATE INDEX ON quota_lease (tenant_id)
                """).update();
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    @Test
    void moveTheRealTablesAsTheDecisionsSay() {
        Histories.run(1, COUNT, steps -> replay(steps, World.LIMITS, Durability.STRICT));

        assertThat(context.getBean(Balances.class).drift()).isZero();
    }

    @Test
    void moveTheRealTablesAsTheDecisionsSayAlsoWithLeases() {
        Histories.run(1, COUNT, steps -> replay(steps, World.LEASED, Durability.LEASED));

        assertThat(context.getBean(Balances.class).drift()).isZero();
    }

    /** The database's clock goes on beside the history's, whose steps are whole seconds: a replay that took longer proves nothing if it fails. */
    private static void replay(List<Step> steps, List<World.Place> places, Durability durability) {
        for (var n = 1; ; n++) {
            var beganAt = System.nanoTime();
            try {
                replayOnce(steps, places, durability);
                return;
            } catch (AssertionError failure) {
                if (System.nanoTime() - beganAt < LONGEST.toNanos() || n == MOST_REPLAYS) {
                    throw failure;
                }
            }
        }
    }

    private static void replayOnce(List<Step> steps, List<World.Place> places, Durability durability) {
        var caller = newCaller();
        var subjects =
                List.of(Subject.of(caller.tenantId()), Subject.of(caller.projectId()), Subject.of(caller.apiKeyId()));
        var memory = new MemoryBooks(caller, World.TTL);
        var sql = new SqlBooks(context, caller, World.TTL);
        var modelled = new World(memory, subjects, places, durability);
        var real = new World(sql, subjects, places, durability);
        for (var step : steps) {
            modelled.step(step);
            real.step(step);
            assertThat(sql.counters()).as("after %s", step).isEqualTo(memory.counters());
        }
        modelled.end();
        real.end();
        assertThat(sql.counters()).isEqualTo(memory.counters());
    }

    private static Caller newCaller() {
        var tenant = UUID.randomUUID();
        context.getBean(JdbcClient.class)
                .sql(
                        "INSERT INTO tenant (tenant_id, name, state, create_time, update_time) VALUES (?, ?, 'ACTIVE', now(), now())")
                .param(tenant)
                .param(tenant.toString())
                .update();
        return new Caller(
                new TenantId(tenant),
                new ProjectId(UUID.randomUUID()),
                new ApiKeyId(UUID.randomUUID().toString().replace("-", "").substring(0, 16)),
                Permissions.ALL,
                Share.DEFAULT,
                Duration.ofHours(24));
    }
}
