package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.InForce;
import dev.seedbed.controlplane.quota.internal.LockedBudgets;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.springframework.context.ApplicationContext;

/** Leases of a replica whose clock a test turns, over the real statements or over rows in memory. */
public final class TestingLeases {

    private TestingLeases() {}

    public static Leases over(ApplicationContext database, Duration ttl, LongSupplier clock) {
        return new Leases(database.getBean(LeaseStore.class), ttl, clock);
    }

    public static Leases over(Memory memory, Duration ttl, LongSupplier clock) {
        return new Leases(memory, ttl, clock);
    }

    /** As {@link Leases#grantWith}, in a transaction that is committed. */
    public static void grant(Leases leases, Caller caller, long ownerEpoch, List<BudgetRow> budgets, Amounts reserved) {
        leases.grant(caller, ownerEpoch, budgets, reserved).ifPresent(grant -> {
            grant.committed();
            grant.completed();
        });
    }

    /** What leases move outside of their own rows. */
    public interface Rows {

        long nowMicros();

        BudgetRow budget(long id);

        InForce inForce();

        void move(LockedBudgets.Move move);

        boolean isThere(RequestId id);

        /** A reservation with its first posting, without moving budgets. */
        void insertPosted(Decided made);

        Posting settle(RequestId id, Amounts cumulative);
    }

    /** Leases in memory, as {@link SqlLeaseStore} keeps them in tables. */
    public static final class Memory implements LeaseStore {

        private final Rows rows;
        private final Duration ttl;
        private final Map<Long, Lease> leases = new HashMap<>();
        private final Map<Long, Boolean> recalled = new HashMap<>();
        private long granted;

        /** @param budgets each with what it holds */
        private record Lease(Map<Long, Long> budgets, long expireMicros) {}

        public Memory(Rows rows, Duration ttl) {
            this.rows = rows;
            this.ttl = ttl;
        }

        /** What leases hold of a budget. */
        public long held(long budgetId) {
            return leases.values().stream()
                    .mapToLong(lease -> lease.budgets().getOrDefault(budgetId, 0L))
                    .sum();
        }

        @Override
        public long grant(long ownerEpoch, Caller caller, List<BudgetRow> budgets, Amounts amounts) {
            var id = granted++;
            var held = new HashMap<Long, Long>();
            budgets.forEach(budget -> {
                held.put(budget.id(), amounts.get(budget.unit()));
                rows.move(new LockedBudgets.Move(budget.id(), 0, 0, amounts.get(budget.unit())));
            });
            leases.put(id, new Lease(held, expiry()));
            return id;
        }

        private long expiry() {
            return rows.nowMicros() + ttl.toNanos() / 1_000;
        }

        @Override
        public Leases.Written write(
                List<Allowance.Snapshot> allowances,
                long ownerEpoch,
                Map<RequestId, Amounts> workSoFar,
                Map<RequestId, Amounts> ended) {
            var held = new HashMap<Long, LeaseRound.Held>();
            allowances.stream().map(snapshot -> snapshot.allowance().leaseId()).forEach(id -> {
                var lease = leases.get(id);
                if (lease != null) {
                    held.put(id, new LeaseRound.Held(amounts(lease), recalled.containsKey(id)));
                }
            });
            var there = allowances.stream()
                    .flatMap(snapshot -> snapshot.requests().stream())
                    .map(Taken::id)
                    .filter(rows::isThere)
                    .collect(Collectors.toSet());
            there.addAll(ended.keySet());
            var postings = new ArrayList<Posting>();
            ended.forEach((id, cumulative) -> postings.add(rows.settle(id, cumulative)));
            var ids = new HashSet<Long>();
            allowances.forEach(snapshot -> ids.addAll(snapshot.allowance().budgetIds()));
            var locked = new LockedBudgets(ids.stream().map(rows::budget).toList());
            var round = LeaseRound.decide(allowances, held, locked, there, rows.inForce(), ownerEpoch, workSoFar);
            locked.moves().forEach(rows::move);
            round.made().forEach(made -> {
                rows.insertPosted(made);
                postings.add(made.posting(LeaseRound.kind(made)));
            });
            round.returned().forEach(leases::remove);
            round.held().forEach((id, amounts) -> {
                recalled.remove(id);
                leases.computeIfPresent(
                        id,
                        (same, lease) -> new Lease(
                                lease.budgets().keySet().stream()
                                        .collect(Collectors.toMap(
                                                budget -> budget,
                                                budget -> amounts.get(
                                                        rows.budget(budget).unit()))),
                                expiry()));
            });
            return Leases.Written.of(round, postings, there);
        }

        private Amounts amounts(Lease lease) {
            var amounts = new HashMap<Unit, Long>();
            lease.budgets()
                    .forEach((budget, held) -> amounts.put(rows.budget(budget).unit(), held));
            return Amounts.of(amounts);
        }

        @Override
        public void recall(Collection<Long> budgetIds) {
            leases.forEach((id, lease) -> {
                if (budgetIds.stream().anyMatch(budget -> lease.budgets().getOrDefault(budget, 0L) > 0)) {
                    recalled.put(id, true);
                }
            });
        }

        @Override
        public int expireOverdue(int atMost) {
            var overdue = leases.entrySet().stream()
                    .filter(entry -> entry.getValue().expireMicros() < rows.nowMicros())
                    .map(Map.Entry::getKey)
                    .toList();
            overdue.forEach(id -> {
                var lease = leases.remove(id);
                if (lease != null) {
                    lease.budgets()
                            .forEach((budget, amount) -> rows.move(new LockedBudgets.Move(budget, 0, 0, -amount)));
                }
            });
            return overdue.size();
        }
    }
}
