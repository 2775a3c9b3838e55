package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.QuotaProperties;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.LockedBudgets;
import dev.seedbed.controlplane.quota.internal.PostingDecision;
import dev.seedbed.controlplane.quota.internal.ReservationRow;
import dev.seedbed.controlplane.quota.internal.ReservationSql;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Writes one flush in the caller's transaction, with a number of statements that does not depend on that of requests. */
@Component
class LeaseWriter {

    private final LeaseSql leases;
    private final BudgetSql budgets;
    private final ReservationSql reservations;
    private final QuotaProperties properties;

    LeaseWriter(LeaseSql leases, BudgetSql budgets, ReservationSql reservations, QuotaProperties properties) {
        this.leases = leases;
        this.budgets = budgets;
        this.reservations = reservations;
        this.properties = properties;
    }

    /**
     * A lease after a flush.
     *
     * @param granted on top of what its slice has
     * @param budgets afterwards
     * @param recalled somebody asked for it
     * @param returned it holds nothing any more, and is gone
     */
    record Renewal(Amounts granted, List<BudgetRow> budgets, boolean recalled, boolean returned) {}

    /** @see Leases#write */
    Leases.Written write(
            List<Slice.Snapshot> round,
            long ownerEpoch,
            Map<RequestId, Amounts> workSoFar,
            Map<RequestId, Amounts> ended) {
        var held = leases.lock(
                round.stream().map(snapshot -> snapshot.slice().leaseId()).toList());
        // One that is there already was written by a flush of which nobody knew whether it was committed.
        var there = Set.copyOf(reservations.lockOnly(ids(round, ended.keySet())));
        var rows = budgets.lock(budgetIds(round), there);
        var postings = new ArrayList<Posting>();
        if (!ended.isEmpty()) {
            postings.addAll(settle(ended));
            rows = budgets.lock(budgetIds(round), List.of());
        }
        var locked = new LockedBudgets(rows);
        var flushes = round.stream()
                .map(snapshot -> new Flush(snapshot, held.get(snapshot.slice().leaseId())))
                .toList();
        flushes.forEach(flush -> flush.record(locked, there, ownerEpoch, workSoFar));
        var renewals = renew(locked, flushes);
        budgets.move(locked.moves());
        var made = flushes.stream().flatMap(flush -> flush.made.stream()).toList();
        reservations.insertPosted(made, properties.reservationTtl());
        made.forEach(one -> postings.add(one.posting(kind(one))));
        return new Leases.Written(
                postings,
                made.stream().map(one -> one.reservation().id()).collect(Collectors.toUnmodifiableSet()),
                there,
                flushes.stream().flatMap(flush -> flush.lost.stream()).collect(Collectors.toUnmodifiableSet()),
                renewals);
    }

    private static List<RequestId> ids(List<Slice.Snapshot> round, Collection<RequestId> ended) {
        return Stream.concat(
                        round.stream()
                                .flatMap(
                                        snapshot -> snapshot.requests().stream().map(Taken::id)),
                        ended.stream())
                .toList();
    }

    private static List<Long> budgetIds(List<Slice.Snapshot> round) {
        return round.stream()
                .flatMap(snapshot -> snapshot.slice().budgetIds().stream())
                .distinct()
                .toList();
    }

    private static Posting.Kind kind(Decided made) {
        return made.decision().state() == ReservationState.PENDING ? Posting.Kind.CHECKPOINT : made.settlement();
    }

    /** Settles reservations, together where none of them depends on the room that another leaves. */
    private List<Posting> settle(Map<RequestId, Amounts> ended) {
        var postings = new ArrayList<Posting>();
        var pending = new ArrayList<Decided>();
        for (var row : reservations.lockBudgets(ended.keySet())) {
            if (row.state() == ReservationState.PENDING) {
                pending.add(settled(row, ended));
            } else {
                reservations.lockBudgets(List.of(row.id())).forEach(now -> postings.add(apply(settled(now, ended))));
            }
        }
        reservations.apply(pending);
        pending.forEach(one -> postings.add(one.posting(one.settlement())));
        return postings;
    }

    private static Decided settled(ReservationRow row, Map<RequestId, Amounts> ended) {
        return new Decided(row, PostingDecision.settle(row, ended.getOrDefault(row.id(), Amounts.NONE)));
    }

    private Posting apply(Decided one) {
        if (one.changes(one.settlement())) {
            reservations.apply(List.of(one));
        }
        return one.posting(one.settlement());
    }

    /** One lease in one flush. */
    private static final class Flush {

        private final Slice.Snapshot snapshot;
        private final LeaseSql.@Nullable Held lease;
        private final List<Decided> made = new ArrayList<>();
        private final List<RequestId> lost = new ArrayList<>();
        private Amounts spent = Amounts.NONE;

        Flush(Slice.Snapshot snapshot, LeaseSql.@Nullable Held lease) {
            this.snapshot = snapshot;
            this.lease = lease;
        }

        Slice slice() {
            return snapshot.slice();
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
            var tenant = slice().caller().tenantId();
            if (lease == null) {
                return LeaseFlush.recordLate(locked, slice().budgetIds(), tenant, owner, taken);
            }
            spent = spent.plus(taken.held());
            return LeaseFlush.record(locked, slice().budgetIds(), tenant, owner, taken, workSoFar);
        }
    }

    /** Sets what each lease holds: first what they must, then what there is room for on top. */
    private Map<Long, Renewal> renew(LockedBudgets locked, List<Flush> flushes) {
        var inForce = inForce(flushes);
        var kept = new HashMap<Long, Amounts>();
        var renewals = new HashMap<Long, Renewal>();
        for (var flush : flushes) {
            var lease = flush.lease;
            if (lease != null) {
                var slice = flush.slice();
                if (lease.recalled() || !slice.debits(inForce)) {
                    slice.close();
                }
                var keeps = slice.kept();
                LeaseFlush.hold(locked, slice.budgetIds(), lease.amounts(), flush.spent, keeps);
                kept.put(slice.leaseId(), keeps);
            }
        }
        for (var flush : flushes) {
            var slice = flush.slice();
            var keeps = kept.get(slice.leaseId());
            if (flush.lease != null && keeps != null) {
                var granted = slice.isClosed()
                        ? Amounts.NONE
                        : LeaseFlush.grow(locked, slice.budgetIds(), flush.snapshot.demand(), keeps);
                kept.put(slice.leaseId(), keeps.plus(granted));
                renewals.put(
                        slice.leaseId(),
                        new Renewal(
                                granted,
                                slice.budgetIds().stream().map(locked::get).toList(),
                                flush.lease.recalled(),
                                slice.isClosed() && slice.isWrittenWhole()));
            }
        }
        var returned = renewals.entrySet().stream()
                .filter(renewal -> renewal.getValue().returned())
                .map(Map.Entry::getKey)
                .toList();
        leases.delete(returned);
        kept.keySet().removeAll(returned);
        leases.hold(kept, properties.reservationTtl());
        return renewals;
    }

    /** Budgets that count now for the callers of leases that are held. */
    private List<BudgetRow> inForce(List<Flush> flushes) {
        return budgets.read(flushes.stream()
                .filter(flush -> flush.lease != null)
                .flatMap(flush -> Subject.of(flush.slice().caller()).stream())
                .distinct()
                .toList());
    }
}
