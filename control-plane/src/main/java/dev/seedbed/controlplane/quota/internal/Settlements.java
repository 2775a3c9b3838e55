package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Settles reservations: together, where none of them depends on the room that another leaves. */
@Component
public class Settlements {

    private final ReservationLocks locks;
    private final ReservationSql reservations;

    Settlements(ReservationLocks locks, ReservationSql reservations) {
        this.locks = locks;
        this.reservations = reservations;
    }

    /**
     * Runs in the caller's transaction.
     *
     * @param rows locked with their budgets
     * @param cumulative final work of each
     * @param writes gets what is still to be written, unless one of them must see it
     * @return a posting for each, also of what moves nothing
     */
    public List<Posting> settle(List<ReservationRow> rows, Map<RequestId, Amounts> cumulative, Pipeline writes) {
        var postings = new ArrayList<Posting>();
        var pending = new ArrayList<Decided>();
        for (var row : rows) {
            if (row.state() == ReservationState.PENDING) {
                pending.add(decided(row, cumulative));
            } else {
                writes.send();
                locks.lockBudgets(List.of(row.id()), writes)
                        .forEach(now -> postings.add(apply(decided(now, cumulative), writes)));
            }
        }
        reservations.apply(pending, writes);
        pending.forEach(one -> postings.add(one.posting(one.settlement())));
        return postings;
    }

    private static Decided decided(ReservationRow row, Map<RequestId, Amounts> cumulative) {
        return new Decided(row, PostingDecision.settle(row, cumulative.getOrDefault(row.id(), Amounts.NONE)));
    }

    private Posting apply(Decided one, Pipeline writes) {
        if (one.changes(one.settlement())) {
            reservations.apply(List.of(one), writes);
        }
        return one.posting(one.settlement());
    }
}
