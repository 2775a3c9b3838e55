package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.wire.RequestId;

/**
 * A transfer between two accounts. Unique in (request, kind, seq, unit).
 *
 * @param amount in {@code unit}, > 0
 */
public record LedgerEntry(
        RequestId requestId, Kind kind, int seq, Unit unit, Account debit, Account credit, long amount) {

    /** Names are those of the table. */
    public enum Kind {
        CHECKPOINT,
        SETTLEMENT,
        LATE_SETTLEMENT,
        LOSS,
        /** Gives the tenant back what it was charged. */
        ADJUSTMENT
    }
}
