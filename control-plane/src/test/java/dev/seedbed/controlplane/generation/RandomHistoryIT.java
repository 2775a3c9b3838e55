package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Balances;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Random histories of reservations against a model that is written apart: a list of reservations whose sums are the budget. The
 * limited unit is POSITION; work never exceeds what is reserved, as the engine sees to.
 */
class RandomHistoryIT {

    private static final int STEPS = 80;
    private static final long LIMIT = 1_000;

    private static AnnotationConfigApplicationContext context;

    @BeforeAll
    static void start() {
        context = AccountingContext.start();
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    /** The model's reservation. */
    private static final class Modelled {
        final RequestId id;
        long reserved;
        long posted;
        long done;
        boolean pending = true;
        boolean settled;

        Modelled(RequestId id, long reserved) {
            this.id = id;
            this.reserved = reserved;
        }

        long held() {
            return pending ? reserved - posted : 0;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithTheModelAfterEveryStep(long seed) {
        var random = new Random(seed);
        var tenant = AccountingIT.newTenant(context, Map.of(Unit.OUTPUT_TOKEN, 1_000_000L, Unit.POSITION, LIMIT));
        var all = new ArrayList<Modelled>();
        var refusals = 0;
        for (int step = 0; step < STEPS; step++) {
            refusals += step(random, tenant, all) ? 0 : 1;
            var budget = context.getBean(Quotas.class).budgets(tenant).stream()
                    .filter(b -> b.unit() == Unit.POSITION)
                    .findFirst()
                    .orElseThrow();
            assertThat(budget.posted()).as("posted after step %d", step).isEqualTo(posted(all));
            assertThat(budget.reserved()).as("reserved after step %d", step).isEqualTo(held(all));
            assertThat(budget.posted() + budget.reserved()).isLessThanOrEqualTo(LIMIT);
        }
        assertThat(all).hasSizeGreaterThan(5);
        assertThat(refusals).isPositive();
        assertThat(context.getBean(Balances.class).drift()).isZero();
        assertThat(ledgerSum(tenant)).isEqualTo(posted(all));
    }

    /** @return false: an admission was refused, as the model says it must be */
    private static boolean step(Random random, TenantId tenant, List<Modelled> all) {
        var open = all.stream().filter(r -> r.pending).toList();
        var expired = all.stream().filter(r -> !r.pending && !r.settled).toList();
        switch (random.nextInt(7)) {
            case 0, 1, 2 -> {
                return reserve(random, tenant, all);
            }
            case 3 ->
                pick(random, open, one -> {
                    work(random, one);
                    accounting().checkpoint(Map.of(one.id, TestingTenant.unpriced(positions(one.done))));
                    one.posted = one.done;
                });
            case 4 ->
                pick(random, open, one -> {
                    work(random, one);
                    accounting()
                            .settle(
                                    one.id,
                                    tenant,
                                    TestingTenant.unpriced(positions(one.done)),
                                    AccountingIT.FINISHED,
                                    1,
                                    null);
                    one.posted = one.done;
                    one.pending = false;
                    one.settled = true;
                });
            case 5 -> pick(random, open, RandomHistoryIT::expire);
            default ->
                pick(random, expired, one -> {
                    work(random, one);
                    var room = LIMIT - posted(all) - held(all);
                    accounting()
                            .settle(
                                    one.id,
                                    tenant,
                                    TestingTenant.unpriced(positions(one.done)),
                                    AccountingIT.FINISHED,
                                    1,
                                    null);
                    one.posted += Math.min(one.done - one.posted, room);
                    one.settled = true;
                });
        }
        return true;
    }

    private static boolean reserve(Random random, TenantId tenant, List<Modelled> all) {
        var wanted = 50 + random.nextLong(150);
        var fits = posted(all) + held(all) + wanted <= LIMIT;
        var id = RequestId.next(InstantSource.system());
        var command = new GenerationCommand(
                id,
                GenerationRecord.Surface.GRPC,
                null,
                new Prompt.Text("p"),
                20L,
                List.of(),
                Knobs.DEFAULTS,
                false,
                false,
                "");
        try {
            accounting()
                    .reserve(
                            TestingTenant.open(command, tenant),
                            command,
                            TestingTenant.caller(tenant),
                            AccountingIT.VERSION,
                            Amounts.of(Map.of(Unit.REQUEST, 1L, Unit.POSITION, wanted)),
                            AdmissionStep.NONE);
            assertThat(fits).as("admitted although it does not fit").isTrue();
            all.add(new Modelled(id, wanted));
            return true;
        } catch (SeedbedException refused) {
            assertThat(fits).as("refused although it fits").isFalse();
            return false;
        }
    }

    private static void expire(Modelled one) {
        context.getBean(JdbcClient.class)
                .sql(
                        "UPDATE quota_reservation SET expire_time = clock_timestamp() - interval '1 second' WHERE reservation_id = ?")
                .param(one.id.value())
                .update();
        accounting().expireOverdue(10);
        one.pending = false;
    }

    private static void work(Random random, Modelled one) {
        one.done += random.nextLong(one.reserved - one.done + 1);
    }

    private static void pick(Random random, List<Modelled> from, Consumer<Modelled> action) {
        if (!from.isEmpty()) {
            action.accept(from.get(random.nextInt(from.size())));
        }
    }

    private static Work positions(long done) {
        return new Work(0, 0, done == 0 ? 0 : 1, done, 0, 0);
    }

    private static long posted(List<Modelled> all) {
        return all.stream().mapToLong(r -> r.posted).sum();
    }

    private static long held(List<Modelled> all) {
        return all.stream().mapToLong(Modelled::held).sum();
    }

    private static long ledgerSum(TenantId tenant) {
        return context.getBean(JdbcClient.class)
                .sql(
                        "SELECT coalesce(sum(amount), 0) FROM usage_ledger_entry WHERE debit_account = ? AND unit = 'POSITION'")
                .param("tenant/" + tenant)
                .query(Long.class)
                .single();
    }

    private static Accounting accounting() {
        return context.getBean(Accounting.class);
    }
}
