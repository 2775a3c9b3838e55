package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;

/**
 * What one checkpoint or settlement moved; the caller writes it to the ledger in the same transaction.
 *
 * @param seq number of this posting within its reservation
 * @param state of the reservation afterwards
 * @param posted new work, charged to the tenant's budgets
 * @param loss work that was done and that no budget of the tenant holds room for
 */
public record Posting(
        RequestId requestId,
        TenantId tenantId,
        int seq,
        Kind kind,
        ReservationState state,
        Amounts posted,
        Amounts loss) {

    /** Names are those of the ledger. */
    public enum Kind {
        CHECKPOINT,
        SETTLEMENT,
        /** By an owner whose reservation had expired. */
        LATE_SETTLEMENT
    }
}
