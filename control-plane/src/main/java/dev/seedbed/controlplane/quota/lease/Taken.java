package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.wire.RequestId;
import org.jspecify.annotations.Nullable;

/**
 * What a request has taken of an allowance, as a flush found it.
 *
 * @param used cumulative work, once it has ended; null: it was open when the flush began, and is written as open
 */
public record Taken(
        RequestId id, Amounts reserved, @Nullable Amounts used) {

    public boolean ended() {
        return used != null;
    }

    /** What the lease has held for it. */
    Amounts held() {
        return used == null ? reserved : used.atMost(reserved);
    }
}
