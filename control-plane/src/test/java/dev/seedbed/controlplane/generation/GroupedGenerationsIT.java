package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.LedgerCheck;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Admissions and settlements that are committed in one transaction. */
class GroupedGenerationsIT {

    private static final Work WORK = new Work(10, 0, 3, 33, 7, 0);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private AnnotationConfigApplicationContext context;
    private Accounting accounting;
    private Quotas quotas;

    @BeforeEach
    void start() {
        context = AccountingContext.start();
        accounting = context.getBean(Accounting.class);
        quotas = context.getBean(Quotas.class);
    }

    @AfterEach
    void stop() {
        threads.close();
        assertThat(context.getBean(Balances.class).drift()).isZero();
        assertThat(context.getBean(LedgerCheck.class).verify().differences()).isEmpty();
        context.close();
    }

    @Test
    void areOneTransactionHoweverManyTenantsTheyAreOf() throws Exception {
        var tenants = List.of(tenant(1_000), tenant(1_000), tenant(1_000), tenant(1_000));
        var before = new ArrayList<RequestId>();
        for (var tenant : tenants) {
            before.add(AccountingIT.reserve(accounting, tenant));
        }
        var outcomes = new ArrayList<Future<?>>();
        grouped(() -> {
            for (var i = 0; i < tenants.size(); i++) {
                var tenant = tenants.get(i);
                var id = before.get(i);
                outcomes.add(threads.submit(() -> AccountingIT.reserve(accounting, tenant)));
                outcomes.add(threads.submit(() -> settle(id, tenant)));
            }
            return outcomes;
        });
        assertThat(number("SELECT count(DISTINCT xmin::text) FROM quota_reservation WHERE tenant_id IN (%s)"
                        .formatted(tenants.stream().map("'%s'"::formatted).collect(Collectors.joining(",")))))
                .isEqualTo(1);
        for (var tenant : tenants) {
            assertThat(budget(tenant)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 1_000L, 33, 100));
        }
    }

    @Test
    void seeWhatThoseBeforeThemInTheGroupHaveReserved() throws Exception {
        var tenant = tenant(250);
        AccountingIT.reserve(accounting, tenant);
        var outcomes = new ArrayList<Future<RequestId>>();
        grouped(() -> {
            for (var i = 0; i < 5; i++) {
                outcomes.add(threads.submit(() -> AccountingIT.reserve(accounting, tenant)));
            }
            return outcomes;
        });
        assertThat(outcomes.stream().filter(one -> one.state() == Future.State.SUCCESS))
                .hasSize(1);
        assertThat(outcomes.stream().filter(one -> one.state() == Future.State.FAILED))
                .hasSize(4)
                .allSatisfy(one -> assertThat(one.exceptionNow())
                        .isInstanceOfSatisfying(
                                SeedbedException.class,
                                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BUDGET_RESERVED)));
        assertThat(budget(tenant).reserved()).isEqualTo(200);
    }

    @Test
    void findRoomThatASettlementOfTheirGroupMakes() throws Exception {
        var tenant = tenant(140);
        var before = AccountingIT.reserve(accounting, tenant);
        var outcomes = new ArrayList<Future<?>>();
        grouped(() -> {
            outcomes.add(threads.submit(() -> AccountingIT.reserve(accounting, tenant)));
            outcomes.add(threads.submit(() -> settle(before, tenant)));
            return outcomes;
        });
        assertThat(outcomes).allSatisfy(one -> assertThat(one.state()).isEqualTo(Future.State.SUCCESS));
        assertThat(budget(tenant)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 140L, 33, 100));
    }

    @Test
    void areCommittedWithoutOneThatCannotBe() throws Exception {
        var tenant = tenant(1_000);
        var settled = AccountingIT.reserve(accounting, tenant);
        var outcomes = new ArrayList<Future<?>>();
        try (var other = AccountingContext.start(url())) {
            var foreign = AccountingIT.reserve(other.getBean(Accounting.class), tenant);
            grouped(() -> {
                outcomes.add(threads.submit(() -> settle(foreign, tenant)));
                outcomes.add(threads.submit(() -> AccountingIT.reserve(accounting, tenant)));
                outcomes.add(threads.submit(() -> settle(settled, tenant)));
                return outcomes;
            });
            assertThatThrownBy(outcomes.get(0)::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("another owner");
            outcomes.get(1).get();
            outcomes.get(2).get();
            assertThat(budget(tenant)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 1_000L, 33, 200));
        }
    }

    @Test
    void doNotWaitForATenantWhoseBudgetsAreLocked() throws Exception {
        var stuck = tenant(1_000);
        var free = tenant(1_000);
        var stuckBefore = AccountingIT.reserve(accounting, stuck);
        var freeBefore = AccountingIT.reserve(accounting, free);
        var late = new ArrayList<Future<?>>();
        try (var connection = connection()) {
            lock(connection, "SELECT FROM quota_budget WHERE tenant_id = '%s' FOR UPDATE".formatted(stuck));
            late.add(threads.submit(() -> AccountingIT.reserve(accounting, stuck)));
            late.add(threads.submit(() -> settle(stuckBefore, stuck)));
            await().until(() -> waitingForLocks() == 2);

            AccountingIT.reserve(accounting, free);
            settle(freeBefore, free);

            assertThat(late).noneMatch(Future::isDone);
            connection.rollback();
        }
        for (var one : late) {
            one.get();
        }
        assertThat(budget(stuck)).isEqualTo(TestingTenant.budget(stuck, Unit.POSITION, 1_000L, 33, 100));
        assertThat(budget(free)).isEqualTo(TestingTenant.budget(free, Unit.POSITION, 1_000L, 33, 100));
    }

    @Test
    void commitNothingWhenAllAreRefused() throws Exception {
        var tenant = tenant(100);
        AccountingIT.reserve(accounting, tenant);
        assertThatThrownBy(() -> AccountingIT.reserve(accounting, tenant)).isInstanceOf(SeedbedException.class);
        assertThat(context.getBean(JdbcClient.class)
                        .sql("SELECT DISTINCT pg_xact_status(xmax::text::xid8) FROM quota_budget WHERE tenant_id = ?")
                        .param(tenant.value())
                        .query(String.class)
                        .list())
                .containsExactly("aborted");
    }

    /** Lets steps gather while the group before them cannot go on, and waits for their ends. @param steps submits them */
    private void grouped(Callable<? extends List<? extends Future<?>>> steps) throws Exception {
        var last = tenant(1_000);
        AccountingIT.reserve(accounting, last);
        List<? extends Future<?>> submitted;
        Future<?> before;
        try (var connection = connection()) {
            lock(connection, "LOCK TABLE usage_generation IN EXCLUSIVE MODE");
            before = threads.submit(() -> AccountingIT.reserve(accounting, last));
            await().until(() -> waitingForLocks() == 1);
            submitted = steps.call();
            await().until(() -> waitingForAGroup() == submitted.size());
            connection.rollback();
        }
        before.get();
        for (var one : submitted) {
            try {
                one.get();
            } catch (ExecutionException e) {
                // The test looks at it.
            }
        }
    }

    private void settle(RequestId id, TenantId tenant) {
        accounting.end(id, tenant, TestingTenant.unpriced(WORK), AccountingIT.FINISHED, 1, null);
    }

    private TenantId tenant(long positions) {
        return AccountingIT.newTenant(context, Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, positions));
    }

    private Budget budget(TenantId tenant) {
        return quotas.budgets(tenant).stream()
                .filter(budget -> budget.unit() == Unit.POSITION)
                .findFirst()
                .orElseThrow();
    }

    private static void lock(Connection connection, String statement) throws SQLException {
        connection.setAutoCommit(false);
        try (var locking = connection.createStatement()) {
            locking.execute(statement);
        }
    }

    private Connection connection() throws SQLException {
        return context.getBean(DataSource.class).getConnection();
    }

    private double waitingForAGroup() {
        return context.getBean(MeterRegistry.class)
                .get("seedbed.accounting.waiting")
                .gauge()
                .value();
    }

    private long waitingForLocks() {
        return number(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
    }

    private long number(String sql) {
        return context.getBean(JdbcClient.class).sql(sql).query(Long.class).single();
    }

    private String url() {
        return context.getEnvironment().getRequiredProperty("spring.datasource.url");
    }
}
