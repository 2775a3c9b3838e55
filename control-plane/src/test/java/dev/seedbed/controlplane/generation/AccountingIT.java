package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.model.DefaultKnobs;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Reversals;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Account;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.LedgerCheck;
import dev.seedbed.controlplane.usage.LedgerEntry;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

class AccountingIT {

    static final ModelVersion VERSION = new ModelVersion(
            "seedling", "seedling-v1", 512, Set.of("exact"), 16, 4, DefaultKnobs.UNTOLD, Instant.EPOCH);
    static final Accounting.Ending FINISHED =
            new Accounting.Ending(GenerationRecord.State.FINISHED, "stop", "end_token");
    static final Amounts WANTED = Amounts.of(Map.of(
            Unit.REQUEST, 1L,
            Unit.INPUT_TOKEN, 10L,
            Unit.CACHED_INPUT_TOKEN, 10L,
            Unit.OUTPUT_TOKEN, 20L,
            Unit.POSITION, 100L));

    private static AnnotationConfigApplicationContext context;
    private static Accounting accounting;
    private static Quotas quotas;
    private static JdbcClient jdbc;

    @BeforeAll
    static void start() {
        context = AccountingContext.start();
        accounting = context.getBean(Accounting.class);
        quotas = context.getBean(Quotas.class);
        jdbc = context.getBean(JdbcClient.class);
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    @Test
    void refusesATenantWithoutABudget() {
        var tenant = newTenant();
        assertThatThrownBy(() -> reserve(tenant)).isInstanceOfSatisfying(SeedbedException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.BUDGET_EXCEEDED);
            assertThat(refused.metadata()).containsEntry("limitAmount", "0");
        });
    }

    @Test
    void changesNoCounterWhenOneOfSeveralBudgetsHasNoRoom() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 99L));
        var before = quotas.budgets(tenant);
        assertThatThrownBy(() -> reserve(tenant)).isInstanceOf(SeedbedException.class);
        assertThat(quotas.budgets(tenant)).isEqualTo(before);
        assertThat(count("quota_reservation WHERE tenant_id = '%s'".formatted(tenant)))
                .isZero();
        assertThat(count("usage_generation WHERE tenant_id = '%s'".formatted(tenant)))
                .isZero();
    }

    @Test
    void settlesWhatWasDoneAndGivesBackTheRest() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        assertThat(budget(tenant, Unit.POSITION).reserved()).isEqualTo(100);

        accounting.settle(id, tenant, TestingTenant.unpriced(new Work(10, 4, 3, 33, 7, 0)), FINISHED, 1, null);

        assertThat(budget(tenant, Unit.POSITION)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 1_000L, 33, 0));
        assertThat(budget(tenant, Unit.OUTPUT_TOKEN))
                .isEqualTo(TestingTenant.budget(tenant, Unit.OUTPUT_TOKEN, 1_000L, 7, 0));
        assertThat(budget(tenant, Unit.CACHED_INPUT_TOKEN).posted()).isEqualTo(4);
        assertThat(ledger().entriesOf(id)).hasSize(5).allSatisfy(entry -> {
            assertThat(entry.kind()).isEqualTo(LedgerEntry.Kind.SETTLEMENT);
            assertThat(entry.debit()).isEqualTo(Account.of(tenant));
            assertThat(entry.credit()).isEqualTo(Account.WORK);
        });
        assertThat(record(id)).satisfies(record -> {
            assertThat(record.state()).isEqualTo(GenerationRecord.State.FINISHED);
            assertThat(record.work()).isEqualTo(new Work(10, 4, 3, 33, 7, 0));
            assertThat(record.knobs()).doesNotContain("secret prompt");
        });
    }

    @Test
    void settlesOnceHoweverOftenItIsAsked() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        accounting.settle(id, tenant, TestingTenant.unpriced(new Work(10, 0, 3, 33, 7, 0)), FINISHED, 1, null);
        var entries = ledger().entriesOf(id);
        var budgets = quotas.budgets(tenant);

        accounting.settle(id, tenant, TestingTenant.unpriced(new Work(10, 0, 4, 50, 9, 0)), FINISHED, 1, null);

        assertThat(ledger().entriesOf(id)).isEqualTo(entries);
        assertThat(quotas.budgets(tenant)).isEqualTo(budgets);
    }

    @Test
    void voidsWhatTheEngineNeverBegan() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        var posting = accounting.settle(id, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null);
        assertThat(posting.state()).isEqualTo(ReservationState.VOIDED);
        assertThat(quotas.budgets(tenant)).allSatisfy(budget -> {
            assertThat(budget.posted()).isZero();
            assertThat(budget.reserved()).isZero();
        });
        assertThat(ledger().entriesOf(id)).isEmpty();
    }

    @Test
    void billsTheLastCheckpointOfAnOwnerThatIsGone() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        accounting.checkpoint(Map.of(id, TestingTenant.unpriced(new Work(10, 0, 2, 21, 3, 0))));
        passTimeToLive(id);

        expireAll();

        assertThat(state(id)).isEqualTo("EXPIRED");
        assertThat(budget(tenant, Unit.POSITION)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 1_000L, 21, 0));
        assertThat(record(id).state()).isEqualTo(GenerationRecord.State.EXPIRED);
        assertThat(record(id).work().positionsEvaluated()).isEqualTo(21);
    }

    @Test
    void keepsAReservationThatItsOwnerRenews() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        passTimeToLive(id);
        accounting.checkpoint(Map.of(id, TestingTenant.unpriced(Work.NONE)));
        expireAll();
        assertThat(state(id)).isEqualTo("PENDING");
        accounting.settle(id, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null);
    }

    @Test
    void tellsAnOwnerThatItsReservationHasExpired() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        passTimeToLive(id);
        expireAll();
        assertThat(accounting.checkpoint(Map.of(id, TestingTenant.unpriced(new Work(10, 0, 2, 21, 3, 0)))))
                .containsEntry(id, ReservationState.EXPIRED);
        assertThat(budget(tenant, Unit.POSITION).posted()).isZero();
    }

    @Test
    void chargesNothingMoreForWhatWasReversed() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        accounting.checkpoint(Map.of(id, TestingTenant.unpriced(new Work(10, 0, 2, 20, 3, 0))));
        passTimeToLive(id);
        expireAll();
        assertThat(reverse(id)).isTrue();
        assertThat(reverse(id)).isFalse();
        assertThat(quotas.budgets(tenant))
                .allSatisfy(budget -> assertThat(budget.posted()).isZero());

        var posting =
                accounting.settle(id, tenant, TestingTenant.unpriced(new Work(10, 0, 6, 70, 9, 0)), FINISHED, 1, null);

        assertThat(posting.posted()).isEqualTo(Amounts.NONE);
        assertThat(quotas.budgets(tenant))
                .allSatisfy(budget -> assertThat(budget.posted()).isZero());
        assertThat(context.getBean(Balances.class).drift()).isZero();
        assertThat(context.getBean(LedgerCheck.class).verify().differences())
                .noneMatch(difference -> difference.subject().equals(id.toString()));
    }

    private static boolean reverse(RequestId id) {
        return Boolean.TRUE.equals(context.getBean(TransactionTemplate.class)
                .execute(transaction -> context.getBean(Reversals.class)
                        .reverse(id)
                        .map(reversal -> {
                            context.getBean(Pipelines.class).sendNow(writes -> ledger().append(reversal, writes));
                            return true;
                        })
                        .orElse(false)));
    }

    @Test
    void postsALateSettlementOnceAndOnlyIntoRoomThatIsLeft() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 150L));
        var id = reserve(tenant);
        accounting.checkpoint(Map.of(id, TestingTenant.unpriced(new Work(10, 0, 2, 20, 3, 0))));
        passTimeToLive(id);
        expireAll();
        var other = reserve(tenant);

        var work = new Work(10, 0, 6, 70, 9, 0);
        var posting = accounting.settle(id, tenant, TestingTenant.unpriced(work), FINISHED, 1, null);
        accounting.settle(id, tenant, TestingTenant.unpriced(work), FINISHED, 1, null);

        // 150 - 20 posted - 100 held by the other = 30 of the 50 that are new.
        assertThat(posting.posted().get(Unit.POSITION)).isEqualTo(30);
        assertThat(posting.loss().get(Unit.POSITION)).isEqualTo(20);
        assertThat(budget(tenant, Unit.POSITION)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 150L, 50, 100));
        assertThat(ledger().entriesOf(id))
                .filteredOn(entry -> entry.debit().equals(Account.LOSS))
                .singleElement()
                .satisfies(loss -> assertThat(loss.amount()).isEqualTo(20));
        accounting.settle(other, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null);
        assertThat(context.getBean(Balances.class).drift()).isZero();
    }

    @Test
    void notesALateSettlementThatHasNothingToPost() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        passTimeToLive(id);
        expireAll();
        accounting.settle(id, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null);
        assertThat(jdbc.sql("SELECT late_time IS NOT NULL FROM quota_reservation WHERE reservation_id = ?")
                        .param(id.value())
                        .query(Boolean.class)
                        .single())
                .isTrue();
    }

    @Test
    void cutsNothingWhenALimitIsLoweredBelowTheUsage() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        quotas.setLimit(tenant, Unit.POSITION, 10L);
        assertThatThrownBy(() -> reserve(tenant)).isInstanceOf(SeedbedException.class);
        accounting.settle(id, tenant, TestingTenant.unpriced(new Work(10, 0, 3, 90, 7, 0)), FINISHED, 1, null);
        assertThat(budget(tenant, Unit.POSITION)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 10L, 90, 0));
    }

    @Test
    void extendsAReservationByTheSameAdmission() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 150L));
        var id = reserve(tenant);
        accounting.extend(id, tenant, Amounts.of(Map.of(Unit.POSITION, 50L)));
        assertThatThrownBy(() -> accounting.extend(id, tenant, Amounts.of(Map.of(Unit.POSITION, 1L))))
                .isInstanceOf(SeedbedException.class);
        accounting.settle(id, tenant, TestingTenant.unpriced(new Work(10, 0, 3, 150, 7, 0)), FINISHED, 2, null);
        assertThat(budget(tenant, Unit.POSITION)).isEqualTo(TestingTenant.budget(tenant, Unit.POSITION, 150L, 150, 0));
    }

    @Test
    void admitsExactlyWhatABudgetHoldsOfTwoHundredAtOnceFromTwoReplicas() throws Exception {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 20L * 20, Unit.POSITION, 1_000_000L));
        try (var second = AccountingContext.start(url())) {
            var replicas = List.of(accounting, second.getBean(Accounting.class));
            var outcomes = atOnce(IntStream.range(0, 200)
                    .mapToObj(i -> (Callable<String>) () -> {
                        try {
                            reserve(replicas.get(i % 2), tenant);
                            return "admitted";
                        } catch (SeedbedException refused) {
                            return refused.code().name();
                        }
                    })
                    .toList());
            assertThat(outcomes.stream().collect(Collectors.groupingBy(o -> o, Collectors.counting())))
                    .isEqualTo(Map.of("admitted", 20L, "BUDGET_RESERVED", 180L));
        }
        assertThat(budget(tenant, Unit.OUTPUT_TOKEN))
                .isEqualTo(TestingTenant.budget(tenant, Unit.OUTPUT_TOKEN, 400L, 0, 400));
        assertThat(budget(tenant, Unit.POSITION).reserved()).isEqualTo(20 * 100);
        assertThat(count("quota_reservation WHERE tenant_id = '%s'".formatted(tenant)))
                .isEqualTo(20);
    }

    @Test
    void refusesAnotherOwner() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        try (var second = AccountingContext.start(url())) {
            assertThatThrownBy(() -> second.getBean(Accounting.class)
                            .settle(id, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null))
                    .isInstanceOfSatisfying(
                            SeedbedException.class,
                            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INTERNAL));
        }
        assertThat(state(id)).isEqualTo("PENDING");
        accounting.settle(id, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null);
    }

    @Test
    void expiresEachReservationOnceAmongSeveralReplicas() throws Exception {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 10_000L, Unit.POSITION, 10_000L));
        var ids = IntStream.range(0, 40).mapToObj(i -> reserve(tenant)).toList();
        ids.forEach(AccountingIT::passTimeToLive);
        atOnce(IntStream.range(0, 4)
                .mapToObj(i -> (Callable<Integer>) () -> {
                    expireAll();
                    return i;
                })
                .toList());
        expireAll();
        assertThat(ids).allSatisfy(id -> assertThat(state(id)).isEqualTo("EXPIRED"));
        assertThat(quotas.budgets(tenant))
                .allSatisfy(budget -> assertThat(budget.reserved()).isZero());
    }

    @Test
    void refusesToChangeTheLedger() {
        for (var statement : List.of(
                "UPDATE usage_ledger_entry SET amount = amount + 1",
                "DELETE FROM usage_ledger_entry",
                "TRUNCATE usage_ledger_entry")) {
            assertThatThrownBy(() -> jdbc.sql(statement).update())
                    .isInstanceOf(DataAccessException.class)
                    .hasMessageContaining("append-only");
        }
    }

    @Test
    void refusesToResolveAReservationTwice() {
        var tenant = newTenant(Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
        var id = reserve(tenant);
        accounting.settle(id, tenant, TestingTenant.unpriced(Work.NONE), FINISHED, 1, null);
        assertThatThrownBy(() -> jdbc.sql("UPDATE quota_reservation SET state = 'POSTED' WHERE reservation_id = ?")
                        .param(id.value())
                        .update())
                .isInstanceOf(DataAccessException.class)
                .hasMessageContaining("resolved already");
    }

    @Test
    void measuresAndRepairsABudgetThatDiffersFromTheLedger() {
        try (var own = AccountingContext.start()) {
            var balances = own.getBean(Balances.class);
            var tenant = newTenant(own, Map.of(Unit.OUTPUT_TOKEN, 1_000L, Unit.POSITION, 1_000L));
            var ownAccounting = own.getBean(Accounting.class);
            var settled = reserve(ownAccounting, tenant);
            ownAccounting.settle(
                    settled, tenant, TestingTenant.unpriced(new Work(10, 0, 3, 33, 7, 0)), FINISHED, 1, null);
            reserve(ownAccounting, tenant);
            assertThat(balances.drift()).isZero();
            var truth = own.getBean(Quotas.class).budgets(tenant);

            own.getBean(JdbcClient.class)
                    .sql("UPDATE quota_budget SET posted = posted + 5, reserved = reserved + 2 WHERE unit = 'POSITION'")
                    .update();
            assertThat(balances.drift()).isEqualTo(7);

            balances.rebuild();
            assertThat(balances.drift()).isZero();
            assertThat(own.getBean(Quotas.class).budgets(tenant)).isEqualTo(truth);
        }
    }

    static GenerationCommand command() {
        return new GenerationCommand(
                RequestId.next(InstantSource.system()),
                GenerationRecord.Surface.GRPC,
                null,
                new Prompt.Text("secret prompt"),
                20L,
                List.of(),
                Knobs.DEFAULTS,
                false,
                false,
                "");
    }

    private static RequestId reserve(TenantId tenant) {
        return reserve(accounting, tenant);
    }

    static RequestId reserve(Accounting replica, TenantId tenant) {
        var command = command();
        replica.reserve(
                TestingTenant.open(command, tenant),
                command,
                TestingTenant.caller(tenant),
                VERSION,
                WANTED,
                AdmissionStep.NONE);
        return command.requestId();
    }

    private static TenantId newTenant() {
        return newTenant(context, Map.of());
    }

    private static TenantId newTenant(Map<Unit, Long> limits) {
        return newTenant(context, limits);
    }

    static TenantId newTenant(AnnotationConfigApplicationContext replica, Map<Unit, Long> limits) {
        var tenant = new TenantId(UUID.randomUUID());
        replica.getBean(JdbcClient.class)
                .sql(
                        "INSERT INTO tenant (tenant_id, name, state, create_time, update_time) VALUES (?, ?, 'ACTIVE', now(), now())")
                .param(tenant.value())
                .param("tenant " + tenant)
                .update();
        limits.forEach((unit, limit) -> replica.getBean(Quotas.class).setLimit(tenant, unit, limit));
        return tenant;
    }

    private static Budget budget(TenantId tenant, Unit unit) {
        return quotas.budgets(tenant).stream()
                .filter(budget -> budget.unit() == unit)
                .findFirst()
                .orElseThrow();
    }

    private static UsageLedger ledger() {
        return context.getBean(UsageLedger.class);
    }

    private static GenerationRecord record(RequestId id) {
        return context.getBean(GenerationRecords.class).find(id).orElseThrow();
    }

    private static String state(RequestId id) {
        return jdbc.sql("SELECT state FROM quota_reservation WHERE reservation_id = ?")
                .param(id.value())
                .query(String.class)
                .single();
    }

    private static long count(String fromWhere) {
        return jdbc.sql("SELECT count(*) FROM " + fromWhere).query(Long.class).single();
    }

    /** As if the owner had been silent for the whole time to live of its reservation. */
    private static void passTimeToLive(RequestId id) {
        jdbc.sql(
                        "UPDATE quota_reservation SET expire_time = clock_timestamp() - interval '1 second' WHERE reservation_id = ?")
                .param(id.value())
                .update();
    }

    private static void expireAll() {
        while (accounting.expireOverdue(7) > 0) {
            // Until none is left.
        }
    }

    private static String url() {
        return context.getEnvironment().getRequiredProperty("spring.datasource.url");
    }

    private static <T> List<T> atOnce(List<Callable<T>> calls) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var results = new ArrayList<T>();
            for (Future<T> future : threads.invokeAll(calls)) {
                results.add(future.get());
            }
            return results;
        }
    }
}
