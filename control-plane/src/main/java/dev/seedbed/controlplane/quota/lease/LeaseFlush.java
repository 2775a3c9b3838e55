package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.LockedBudgets;
import dev.seedbed.controlplane.quota.internal.LockedBudgets.Move;
import dev.seedbed.controlplane.quota.internal.PostingDecision;
import dev.seedbed.controlplane.quota.internal.ReservationRow;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/** What a flush of one lease moves from leased to posted and reserved. Pure, but for the budgets that it moves. */
final class LeaseFlush {

    private LeaseFlush() {}

    /**
     * Writes a request of a lease that is held. What it reserves beyond its work is a reservation from now on, or free if it has ended.
     */
    static Decided record(
            LockedBudgets budgets,
            Collection<Long> budgetIds,
            TenantId tenant,
            long owner,
            Taken taken,
            Amounts workSoFar) {
        var reservation = reservation(budgets, budgetIds, tenant, owner, taken, ReservationState.PENDING);
        var used = taken.used();
        var decision = used == null
                ? PostingDecision.checkpoint(reservation, workSoFar)
                : PostingDecision.settle(reservation, used);
        reservation.lines().forEach(line -> budgets.move(new Move(line.budget().id(), 0, line.reserved(), 0)));
        apply(budgets, decision);
        return new Decided(reservation, decision);
    }

    /**
     * Writes a request that has ended, of a lease that has expired: as a late settlement, posted as far as its budgets still have
     * room.
     */
    static Decided recordLate(
            LockedBudgets budgets, Collection<Long> budgetIds, TenantId tenant, long owner, Taken taken) {
        var reservation = reservation(budgets, budgetIds, tenant, owner, taken, ReservationState.EXPIRED);
        var decision = PostingDecision.settle(reservation, Objects.requireNonNull(taken.used()));
        apply(budgets, decision);
        return new Decided(reservation, decision);
    }

    private static ReservationRow reservation(
            LockedBudgets budgets,
            Collection<Long> budgetIds,
            TenantId tenant,
            long owner,
            Taken taken,
            ReservationState state) {
        var lines = budgetIds.stream()
                .map(budgets::get)
                .filter(budget -> taken.reserved().get(budget.unit()) > 0)
                .map(budget -> new ReservationRow.Line(budget, taken.reserved().get(budget.unit()), 0))
                .toList();
        return new ReservationRow(taken.id(), tenant, owner, state, false, 0, lines);
    }

    /** Moves what a decision on a reservation changes. */
    static void apply(LockedBudgets budgets, PostingDecision decision) {
        decision.changes()
                .forEach(change -> budgets.move(new Move(change.budgetId(), change.posted(), -change.freed(), 0)));
    }

    /**
     * Sets what the lease holds of each budget.
     *
     * @param held until now
     * @param spent what the requests that were just written had of it
     * @param kept by the allowance
     * @throws IllegalStateException the allowance has spent what the lease did not hold
     */
    static void hold(LockedBudgets budgets, Collection<Long> budgetIds, Amounts held, Amounts spent, Amounts kept) {
        for (var id : budgetIds) {
            var unit = budgets.get(id).unit();
            if (spent.get(unit) + kept.get(unit) > held.get(unit)) {
                throw new IllegalStateException(
                        "allowance larger than its lease: %s spent, %s kept (expected: at most %s in sum, here of %s)"
                                .formatted(spent, kept, held, unit));
            }
            budgets.move(new Move(id, 0, 0, kept.get(unit) - held.get(unit)));
        }
    }

    /** Adds to a lease whose budgets are still those that count for its caller. */
    static Amounts grow(LockedBudgets budgets, Collection<Long> budgetIds, Amounts demand, Amounts unspent) {
        List<BudgetRow> rows = budgetIds.stream().map(budgets::get).toList();
        var granted = LeaseGrant.more(rows, demand, unspent);
        rows.forEach(row -> budgets.move(new Move(row.id(), 0, 0, granted.get(row.unit()))));
        return granted;
    }
}
