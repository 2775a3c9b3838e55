package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.TestingQuotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.lease.TestingLeases;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.LedgerCheck;
import dev.seedbed.controlplane.usage.LedgerEntry;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import dev.seedbed.testkit.TestingPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionCallback;
import org.springframework.transaction.support.TransactionTemplate;

class LeasedGenerationsIT {

    private static final Work WORK = new Work(10, 4, 3, 33, 7, 0);

    private static AnnotationConfigApplicationContext context;
    private static AnnotationConfigApplicationContext elsewhere;
    private static Accounting accounting;
    private static Quotas quotas;
    private static JdbcClient jdbc;

    private TenantId tenant;
    private Caller caller;

    @BeforeAll
    static void startTwoReplicas() {
        var url = TestingPostgres.createDatabase();
        context = AccountingContext.start(url);
        elsewhere = AccountingContext.start(url);
        accounting = context.getBean(Accounting.class);
        quotas = context.getBean(Quotas.class);
        jdbc = context.getBean(JdbcClient.class);
    }

    @BeforeEach
    void newTenant() {
        tenant = AccountingIT.newTenant(context, Map.of());
        caller = caller(newKey());
        limit(Unit.OUTPUT_TOKEN, 100_000L, Durability.LEASED);
        limit(Unit.POSITION, 100_000L, Durability.LEASED);
    }

    @AfterEach
    void everythingAddsUp() {
        assertThat(context.getBean(LedgerCheck.class).verify().differences()).isEmpty();
        accounting.flush(Flush.LAST);
        elsewhere.getBean(Accounting.class).flush(Flush.LAST);
        assertThat(context.getBean(LedgerCheck.class).verify().differences()).isEmpty();
    }

    @AfterAll
    static void stop() {
        elsewhere.close();
        context.close();
    }

    private static String newKey() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    }

    private Caller caller(String key) {
        return new Caller(
                tenant,
                new ProjectId(tenant.value()),
                new ApiKeyId(key),
                Permissions.ALL,
                Share.DEFAULT,
                Duration.ofHours(24));
    }

    private void limit(Unit unit, long amount, Durability durability) {
        quotas.setLimit(Subject.of(tenant), tenant, new Limit(unit, Window.EVER, amount, durability));
    }

    @Test
    void admitsFromTheAllowanceThatTheFirstRequestBroughtAndWritesAllWithTheNextFlush() {
        var first = reserve();
        var others = IntStream.range(0, 5).mapToObj(i -> reserve()).toList();

        assertThat(reservations()).isEqualTo(1);
        assertThat(budget(Unit.POSITION).leased()).isEqualTo(800);
        assertThat(budget(Unit.POSITION).reserved()).isEqualTo(100);

        others.subList(0, 3).forEach(this::end);
        accounting.flush(Flush.HEARTBEAT);

        assertThat(reservations()).isEqualTo(6);
        assertThat(budget(Unit.POSITION).posted()).isEqualTo(3 * 33);
        assertThat(budget(Unit.POSITION).reserved()).isEqualTo(3 * 100);
        assertThat(record(others.get(0))).satisfies(record -> {
            assertThat(record.state()).isEqualTo(GenerationRecord.State.FINISHED);
            assertThat(record.work()).isEqualTo(WORK);
            assertThat(record.finishTime()).isNotNull();
        });
        assertThat(record(others.get(4)).state()).isEqualTo(GenerationRecord.State.RUNNING);
        assertThat(ledger(others.get(0))).extracting(LedgerEntry::kind).containsOnly(LedgerEntry.Kind.SETTLEMENT);

        end(first);
        end(others.get(3));
        end(others.get(4));
        accounting.flush(Flush.HEARTBEAT);

        assertThat(budget(Unit.POSITION).posted()).isEqualTo(6 * 33);
        assertThat(budget(Unit.POSITION).reserved()).isZero();
    }

    @Test
    void asksTheDatabaseForAFewRequestsOfABurstAndTakesTheOthersFromWhatTheyBring() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var burst = IntStream.range(0, 60)
                    .mapToObj(i -> (Callable<RequestId>) this::reserve)
                    .toList();
            for (var one : threads.invokeAll(burst)) {
                one.get();
            }
        }
        accounting.flush(Flush.HEARTBEAT);

        assertThat(reservations()).isEqualTo(60);
        assertThat(reservedSingly()).isBetween(1L, 3L);
    }

    @Test
    void admitsSinglyAgainAndDownToTheLastUnitWhenNoFlushBringsMore() {
        limit(Unit.REQUEST, 12, Durability.LEASED);
        var admitted = new ArrayList<RequestId>();
        for (int i = 0; i < 20; i++) {
            tryToReserve(accounting, admitted);
        }
        assertThat(admitted).hasSize(12);
    }

    @Test
    void billsAnOpenRequestByItsCheckpointsOnceItIsWritten() {
        reserve();
        var command = AccountingIT.command();
        var open = TestingTenant.open(command, tenant);
        reserve(accounting, command, open);
        open.report(new Work(10, 0, 1, 20, 3, 0));
        accounting.flush(Flush.HEARTBEAT);

        assertThat(budget(Unit.POSITION).posted()).isEqualTo(20);
        assertThat(ledger(command.requestId())).extracting(LedgerEntry::kind).containsOnly(LedgerEntry.Kind.CHECKPOINT);

        end(command.requestId());
        assertThat(budget(Unit.POSITION).posted()).isEqualTo(20);
        accounting.flush(Flush.HEARTBEAT);
        assertThat(budget(Unit.POSITION).posted()).isEqualTo(33);
    }

    @Test
    void growsWithDemandAndGivesBackWhatNobodyWants() {
        reserve();
        for (int i = 0; i < 20; i++) {
            reserve();
        }
        accounting.flush(Flush.HEARTBEAT);
        assertThat(budget(Unit.POSITION).leased()).isGreaterThan(2_000);

        accounting.flush(Flush.HEARTBEAT);
        accounting.flush(Flush.HEARTBEAT);
        assertThat(budget(Unit.POSITION).leased()).isZero();
        assertThat(leases()).isZero();
    }

    @Test
    void givesBackPlacesAsSoonAsARequestEnds() {
        limit(Unit.CONCURRENT_REQUEST, 20, Durability.LEASED);
        end(reserve());
        for (int i = 0; i < 7; i++) {
            end(reserve());
        }
        assertThat(reservations()).isEqualTo(1);
    }

    @Test
    void neverAdmitsMoreThanTheLimitHoweverManyReplicasLease() {
        limit(Unit.REQUEST, 50, Durability.LEASED);
        var admitted = new ArrayList<RequestId>();
        var there = elsewhere.getBean(Accounting.class);
        for (int i = 0; i < 120; i++) {
            tryToReserve(i % 2 == 0 ? accounting : there, admitted);
            assertThat(budget(Unit.REQUEST).posted()
                            + budget(Unit.REQUEST).reserved()
                            + budget(Unit.REQUEST).leased())
                    .isLessThanOrEqualTo(50);
            if (i % 20 == 19) {
                accounting.flush(Flush.HEARTBEAT);
                there.flush(Flush.HEARTBEAT);
            }
        }
        accounting.flush(Flush.HEARTBEAT);
        there.flush(Flush.HEARTBEAT);
        assertThat(admitted).hasSize(50);
        assertThat(budget(Unit.REQUEST).reserved()).isEqualTo(50);
    }

    private void tryToReserve(Accounting replica, List<RequestId> admitted) {
        var command = AccountingIT.command();
        try {
            reserve(replica, command);
            admitted.add(command.requestId());
        } catch (SeedbedException refused) {
            assertThat(refused.code()).isIn(ErrorCode.BUDGET_EXCEEDED, ErrorCode.BUDGET_RESERVED);
        }
    }

    @Test
    void asksBackWhatStandsInTheWayOfAnotherKey() {
        limit(Unit.REQUEST, 40, Durability.LEASED);
        reserve();
        for (int i = 0; i < 12; i++) {
            reserve();
        }
        accounting.flush(Flush.HEARTBEAT);
        var held = budget(Unit.REQUEST).leased();
        assertThat(held).isPositive();
        caller = caller(newKey());
        var there = elsewhere.getBean(Accounting.class);
        var admitted = new ArrayList<RequestId>();
        for (int i = 0; i < 40; i++) {
            tryToReserve(there, admitted);
        }
        assertThat(13 + admitted.size()).isLessThan(40);

        there.flush(Flush.HEARTBEAT);
        accounting.flush(Flush.HEARTBEAT);
        accounting.flush(Flush.HEARTBEAT);
        for (int i = 0; i < 40; i++) {
            tryToReserve(there, admitted);
        }
        assertThat(13 + admitted.size()).isEqualTo(40);
    }

    @Test
    void billsNobodyForWhatACrashLeftUnwrittenAndLosesNoRoom() {
        var recorded = reserve();
        end(recorded);
        accounting.flush(Flush.HEARTBEAT);
        end(reserve());
        reserve();
        var posted = budget(Unit.POSITION).posted();

        passTimeToLive();
        elsewhere.getBean(Accounting.class).expireOverdue(100);

        assertThat(leases()).isZero();
        assertThat(budget(Unit.POSITION).posted()).isEqualTo(posted);
        assertThat(budget(Unit.POSITION).leased()).isZero();
    }

    @Test
    void settlesLateWhatWasSpentOfALeaseThatExpiredMeanwhile() {
        reserve();
        var ended = reserve();
        var command = AccountingIT.command();
        var open = TestingTenant.open(command, tenant);
        reserve(accounting, command, open);
        end(ended);
        passTimeToLive();
        elsewhere.getBean(Accounting.class).expireOverdue(100);
        limit(Unit.POSITION, 140, Durability.LEASED);

        accounting.flush(Flush.HEARTBEAT);

        assertThat(ledger(ended)).extracting(LedgerEntry::kind).contains(LedgerEntry.Kind.LATE_SETTLEMENT);
        assertThat(record(ended).state()).isEqualTo(GenerationRecord.State.FINISHED);
        assertThatThrownBy(open::requireHeld).hasMessageContaining("lease has expired");

        accounting.end(
                command.requestId(),
                tenant,
                TestingTenant.unpriced(WORK),
                new Accounting.Ending(GenerationRecord.State.FAILED, null, "overloaded"),
                1,
                null);
        accounting.flush(Flush.HEARTBEAT);

        assertThat(budget(Unit.POSITION).posted()).isEqualTo(40);
        assertThat(ledger(command.requestId()).stream()
                        .filter(entry -> entry.unit() == Unit.POSITION)
                        .mapToLong(LedgerEntry::amount)
                        .sum())
                .isEqualTo(33);
    }

    @Test
    void writesEveryRequestOnceAlsoWhenNobodyKnowsWhetherAFlushWasCommitted() {
        var replica = new Deaf();
        reserve(replica.accounting, AccountingIT.command());
        var open = AccountingIT.command();
        reserve(replica.accounting, open);
        var ended = AccountingIT.command();
        reserve(replica.accounting, ended);
        replica.accounting.end(ended.requestId(), tenant, TestingTenant.unpriced(WORK), AccountingIT.FINISHED, 1, null);

        replica.hearsNothing = true;
        assertThatThrownBy(() -> replica.accounting.flush(Flush.HEARTBEAT)).hasMessage("connection lost");
        replica.accounting.end(open.requestId(), tenant, TestingTenant.unpriced(WORK), AccountingIT.FINISHED, 1, null);
        replica.hearsNothing = false;
        replica.accounting.flush(Flush.HEARTBEAT);
        replica.accounting.flush(Flush.LAST);

        assertThat(budget(Unit.POSITION).posted()).isEqualTo(2 * 33);
        assertThat(record(open.requestId()).state()).isEqualTo(GenerationRecord.State.FINISHED);
    }

    /** A replica whose connection breaks after its commit. */
    private static final class Deaf {

        boolean hearsNothing;
        final Leases leases = TestingLeases.over(context, Duration.ofSeconds(10), System::nanoTime);
        final Accounting accounting = new Accounting(
                new TransactionTemplate(context.getBean(PlatformTransactionManager.class)) {
                    @Override
                    public <T extends @Nullable Object> T execute(TransactionCallback<T> action) {
                        var result = super.execute(action);
                        if (hearsNothing) {
                            throw new IllegalStateException("connection lost");
                        }
                        return result;
                    }
                },
                context.getBean(Pipelines.class),
                TestingQuotas.of(context, leases),
                leases,
                context.getBean(UsageLedger.class),
                context.getBean(GenerationRecords.class),
                new SimpleMeterRegistry());
    }

    @Test
    void extendsFromTheAllowanceAndBeyondItFromTheDatabase() {
        reserve();
        var command = AccountingIT.command();
        reserve(accounting, command, TestingTenant.open(command, tenant));

        accounting.extend(command.requestId(), tenant, Amounts.of(Map.of(Unit.POSITION, 50L)));
        assertThat(reservations()).isEqualTo(1);

        accounting.extend(command.requestId(), tenant, Amounts.of(Map.of(Unit.POSITION, 5_000L)));
        assertThat(budget(Unit.POSITION).reserved()).isEqualTo(100 + 5_150);
    }

    @Test
    void leasesNothingWhenOneLimitIsStrictAndStopsWhenOneBecomesSo() {
        reserve();
        assertThat(leases()).isEqualTo(1);
        limit(Unit.POSITION, 100_000L, Durability.STRICT);
        accounting.flush(Flush.HEARTBEAT);

        assertThat(leases()).isZero();
        reserve();
        assertThat(leases()).isZero();
        assertThat(reservations()).isEqualTo(2);
    }

    @Test
    void leasesNothingToOneWhoMustBeDurable() {
        reserve();
        var command = AccountingIT.command();
        accounting.reserve(
                TestingTenant.open(command, tenant),
                command,
                caller,
                AccountingIT.VERSION,
                AccountingIT.WANTED,
                () -> {});
        assertThat(reservations()).isEqualTo(2);
    }

    @Test
    void givesEverythingBackInTheEnd() {
        reserve();
        end(reserve());
        accounting.flush(Flush.LAST);

        assertThat(leases()).isZero();
        assertThat(budget(Unit.POSITION).leased()).isZero();
        assertThat(budget(Unit.POSITION).posted()).isEqualTo(33);
    }

    private RequestId reserve() {
        var command = AccountingIT.command();
        reserve(accounting, command);
        return command.requestId();
    }

    private void reserve(Accounting replica, GenerationCommand command) {
        reserve(replica, command, TestingTenant.open(command, tenant));
    }

    private void reserve(Accounting replica, GenerationCommand command, OpenGeneration open) {
        replica.reserve(open, command, caller, AccountingIT.VERSION, AccountingIT.WANTED, AdmissionStep.NONE);
    }

    private void end(RequestId id) {
        accounting.end(id, tenant, TestingTenant.unpriced(WORK), AccountingIT.FINISHED, 1, null);
    }

    private Budget budget(Unit unit) {
        return quotas.budgets(tenant).stream()
                .filter(budget -> budget.unit() == unit)
                .findFirst()
                .orElseThrow();
    }

    private GenerationRecord record(RequestId id) {
        return context.getBean(GenerationRecords.class).find(id).orElseThrow();
    }

    private List<LedgerEntry> ledger(RequestId id) {
        return context.getBean(UsageLedger.class).entriesOf(id);
    }

    private long reservations() {
        return jdbc.sql("SELECT count(*) FROM quota_reservation WHERE tenant_id = ?")
                .param(tenant.value())
                .query(Long.class)
                .single();
    }

    /** A flush writes a reservation with its first posting. */
    private long reservedSingly() {
        return jdbc.sql("SELECT count(*) FROM quota_reservation WHERE tenant_id = ? AND postings = 0")
                .param(tenant.value())
                .query(Long.class)
                .single();
    }

    private long leases() {
        return jdbc.sql("SELECT count(*) FROM quota_lease WHERE tenant_id = ?")
                .param(tenant.value())
                .query(Long.class)
                .single();
    }

    /** As if the owners had been silent for the whole time to live of their leases. */
    private void passTimeToLive() {
        jdbc.sql("UPDATE quota_lease SET expire_time = clock_timestamp() - interval '1 second'")
                .update();
    }
}
