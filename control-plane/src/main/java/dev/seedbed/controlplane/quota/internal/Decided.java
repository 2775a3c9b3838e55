package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.ReservationState;

/** A decision on a reservation as it was before. */
public record Decided(ReservationRow reservation, PostingDecision decision) {

    /** Of a reservation that had expired. */
    boolean isLate() {
        return reservation.state() == ReservationState.EXPIRED;
    }

    /** A late settlement is noted even when there was nothing left to post. */
    public boolean changes(Posting.Kind kind) {
        return kind == Posting.Kind.LATE_SETTLEMENT && !reservation.settledLate()
                || !decision.changesNothing(reservation.state());
    }

    /** How a settlement of it is called. */
    public Posting.Kind settlement() {
        return isLate() ? Posting.Kind.LATE_SETTLEMENT : Posting.Kind.SETTLEMENT;
    }

    public Posting posting(Posting.Kind kind) {
        return new Posting(
                reservation.id(),
                reservation.tenantId(),
                reservation.postings(),
                kind,
                decision.state(),
                decision.posted(),
                decision.loss());
    }
}
