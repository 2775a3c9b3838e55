package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.InForce;
import dev.seedbed.controlplane.quota.internal.LockedBudgets;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a flush of all allowances of a replica changes. Pure, but that it moves the locked budgets, and closes allowances that may not be spent
 * any more.
 *
 * @param made reservations of requests that have none yet, with their first posting
 * @param lost open requests whose lease is gone
 * @param held what each lease holds from here on, by its id
 * @param returned leases that hold nothing any more
 * @param renewals of every lease that is still there, by its id
 */
record LeaseRound(
        List<Decided> made,
        Set<RequestId> lost,
        Map<Long, Amounts> held,
        Set<Long> returned,
        Map<Long, Renewal> renewals) {

    /** A lease as it is found; that it is not there means that it has expired. */
    record Held(Amounts amounts, boolean recalled) {}

    /**
     * A lease after a flush.
     *
     * @param granted on top of what its allowance has
     * @param budgets afterwards
     * @param recalled somebody asked for it
     * @param returned it holds nothing any more, and is gone
     */
    record Renewal(Amounts granted, List<BudgetRow> budgets, boolean recalled, boolean returned) {}

    /**
     * @param held leases that are still there, by their id
     * @param there requests that have a reservation
     * @param inForce what limits the callers of the allowances now
     * @param workSoFar cumulative, of open requests
     */
    static LeaseRound decide(
            List<Allowance.Snapshot> allowances,
            Map<Long, Held> held,
            LockedBudgets budgets,
            Set<RequestId> there,
            InForce inForce,
            long ownerEpoch,
            Map<RequestId, Amounts> workSoFar) {
        var flushes = allowances.stream()
                .map(snapshot ->
                        new LeaseInFlush(snapshot, held.get(snapshot.allowance().leaseId())))
                .toList();
        flushes.forEach(flush -> flush.record(budgets, there, ownerEpoch, workSoFar));
        flushes.forEach(flush -> flush.hold(budgets, inForce));
        flushes.forEach(flush -> flush.shrink(budgets));
        // On top only when it is known what all of them must keep.
        flushes.forEach(flush -> flush.grow(budgets));
        var round =
                new LeaseRound(new ArrayList<>(), new HashSet<>(), new HashMap<>(), new HashSet<>(), new HashMap<>());
        flushes.forEach(flush -> flush.addTo(round, budgets));
        return round;
    }

    /** How the first posting of a reservation is called. */
    static Posting.Kind kind(Decided made) {
        return made.decision().state() == ReservationState.PENDING ? Posting.Kind.CHECKPOINT : made.settlement();
    }

    /** One lease in one flush. */
    private static final class LeaseInFlush {

        private final Allowance.Snapshot snapshot;
        private final @Nullable Held lease;
        private final List<Decided> made = new ArrayList<>();
        private final List<RequestId> lost = new ArrayList<>();
        private Amounts spent = Amounts.NONE;
        private Amounts holds = Amounts.NONE;
        private Amounts granted = Amounts.NONE;

        LeaseInFlush(Allowance.Snapshot snapshot, @Nullable Held lease) {
            this.snapshot = snapshot;
            this.lease = lease;
        }

        Allowance allowance() {
            return snapshot.allowance();
        }

        void record(LockedBudgets locked, Set<RequestId> there, long owner, Map<RequestId, Amounts> workSoFar) {
            for (var taken : snapshot.requests()) {
                if (there.contains(taken.id())) {
                    continue;
                }
                if (lease == null && !taken.ended()) {
                    lost.add(taken.id());
                } else {
                    made.add(made(locked, owner, taken, workSoFar.getOrDefault(taken.id(), Amounts.NONE)));
                }
            }
        }

        private Decided made(LockedBudgets locked, long owner, Taken taken, Amounts workSoFar) {
            var tenant = allowance().caller().tenantId();
            if (lease == null) {
                return LeaseFlush.recordLate(locked, allowance().budgetIds(), tenant, owner, taken);
            }
            spent = spent.plus(taken.held());
            return LeaseFlush.record(locked, allowance().budgetIds(), tenant, owner, taken, workSoFar);
        }

        void hold(LockedBudgets budgets, InForce inForce) {
            if (lease == null) {
                return;
            }
            if (lease.recalled() || !allowance().debits(inForce)) {
                allowance().close();
            }
            holds = allowance().kept();
            LeaseFlush.hold(budgets, allowance().budgetIds(), lease.amounts(), spent, holds);
        }

        /** Nothing is kept of a budget whose limit was lowered below what is used and held of it. */
        void shrink(LockedBudgets budgets) {
            if (lease == null
                    || allowance().isClosed()
                    || allowance().budgetIds().stream().map(budgets::get).noneMatch(BudgetRow::isOverdrawn)) {
                return;
            }
            allowance().close();
            var rest = allowance().kept();
            LeaseFlush.hold(budgets, allowance().budgetIds(), holds, Amounts.NONE, rest);
            holds = rest;
        }

        void grow(LockedBudgets budgets) {
            if (lease != null && !allowance().isClosed()) {
                granted = LeaseFlush.grow(budgets, allowance().budgetIds(), snapshot.demand(), holds);
                holds = holds.plus(granted);
            }
        }

        void addTo(LeaseRound round, LockedBudgets budgets) {
            round.made.addAll(made);
            round.lost.addAll(lost);
            if (lease == null) {
                return;
            }
            var id = allowance().leaseId();
            var after = allowance().budgetIds().stream().map(budgets::get).toList();
            var returned = allowance().isClosed() && allowance().isWrittenWhole();
            round.renewals.put(id, new Renewal(granted, after, lease.recalled(), returned));
            if (returned) {
                round.returned.add(id);
            } else {
                round.held.put(id, holds);
            }
        }
    }
}
