package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.internal.ReservationLocks;
import dev.seedbed.controlplane.quota.internal.ReversalDecision;
import dev.seedbed.controlplane.quota.internal.ReversalSql;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Takes back what a request had posted, in the windows it was posted to, at most once. */
@Service
public class Reversals {

    private final Pipelines pipelines;
    private final ReservationLocks locks;
    private final ReversalSql reversals;

    Reversals(Pipelines pipelines, ReservationLocks locks, ReversalSql reversals) {
        this.pipelines = pipelines;
        this.locks = locks;
        this.reversals = reversals;
    }

    /**
     * Runs in the caller's transaction, before that one locks budgets.
     *
     * @return empty: nothing was posted, it is still open, or it was taken back before
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Optional<Reversal> reverse(RequestId id) {
        var writes = pipelines.begin();
        var locked = locks.lock(List.of(id), Locking.WAIT, writes);
        writes.send();
        return locked.stream().findFirst().flatMap(row -> {
            var decision = ReversalDecision.decide(row);
            if (decision.amounts().isNone() || !reversals.apply(id, decision)) {
                return Optional.empty();
            }
            return Optional.of(new Reversal(id, row.tenantId(), decision.amounts()));
        });
    }
}
