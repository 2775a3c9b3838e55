package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.QuotaProperties;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.InForce;
import dev.seedbed.controlplane.quota.internal.LockedBudgets;
import dev.seedbed.controlplane.quota.internal.ReservationLocks;
import dev.seedbed.controlplane.quota.internal.ReservationSql;
import dev.seedbed.controlplane.quota.internal.Settlements;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** In PostgreSQL, within the caller's transaction. A flush takes a number of statements that does not depend on that of requests. */
@Component
class SqlLeaseStore implements LeaseStore {

    private final Pipelines pipelines;
    private final LeaseSql leases;
    private final BudgetSql budgets;
    private final ReservationLocks locks;
    private final ReservationSql reservations;
    private final Settlements settlements;
    private final QuotaProperties properties;

    SqlLeaseStore(
            Pipelines pipelines,
            LeaseSql leases,
            BudgetSql budgets,
            ReservationLocks locks,
            ReservationSql reservations,
            Settlements settlements,
            QuotaProperties properties) {
        this.pipelines = pipelines;
        this.leases = leases;
        this.budgets = budgets;
        this.locks = locks;
        this.reservations = reservations;
        this.settlements = settlements;
        this.properties = properties;
    }

    @Override
    public long grant(long ownerEpoch, Caller caller, List<BudgetRow> budgets, Amounts granted) {
        return leases.grant(ownerEpoch, caller, properties.reservationTtl(), budgets, granted);
    }

    @Override
    public Leases.Written write(
            List<Allowance.Snapshot> allowances,
            long ownerEpoch,
            Map<RequestId, Amounts> workSoFar,
            Map<RequestId, Amounts> ended) {
        var held = leases.lock(allowances.stream()
                .map(snapshot -> snapshot.allowance().leaseId())
                .toList());
        // One that is there already was written by a flush of which nobody knew whether it was committed.
        var there = Set.copyOf(locks.lockOnly(ids(allowances, ended.keySet())));
        var rows = budgets.lock(budgetIds(allowances), there);
        var postings = new ArrayList<Posting>();
        if (!ended.isEmpty()) {
            var writes = pipelines.begin();
            postings.addAll(settlements.settle(locks.lockBudgets(ended.keySet(), writes), ended, writes));
            writes.send();
            rows = budgets.lock(budgetIds(allowances), List.of());
        }
        var locked = new LockedBudgets(rows);
        var round = LeaseRound.decide(allowances, held, locked, there, inForce(allowances), ownerEpoch, workSoFar);
        budgets.move(locked.moves());
        reservations.insertPosted(round.made(), properties.reservationTtl());
        leases.delete(round.returned());
        leases.hold(round.held(), properties.reservationTtl());
        round.made().forEach(one -> postings.add(one.posting(LeaseRound.kind(one))));
        return Leases.Written.of(round, postings, there);
    }

    @Override
    public void recall(Collection<Long> budgetIds) {
        leases.recall(budgetIds);
    }

    @Override
    public int expireOverdue(int atMost) {
        return leases.expireOverdue(atMost);
    }

    private static List<RequestId> ids(List<Allowance.Snapshot> allowances, Collection<RequestId> ended) {
        return Stream.concat(
                        allowances.stream()
                                .flatMap(
                                        snapshot -> snapshot.requests().stream().map(Taken::id)),
                        ended.stream())
                .toList();
    }

    private static List<Long> budgetIds(List<Allowance.Snapshot> allowances) {
        return allowances.stream()
                .flatMap(snapshot -> snapshot.allowance().budgetIds().stream())
                .distinct()
                .toList();
    }

    private InForce inForce(List<Allowance.Snapshot> allowances) {
        return budgets.inForce(allowances.stream()
                .flatMap(snapshot -> Subject.of(snapshot.allowance().caller()).stream())
                .distinct()
                .toList());
    }
}
