package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.wire.RequestId;
import org.jspecify.annotations.Nullable;

/**
 * A request that was admitted from an allowance. It is unrecorded until a flush has written its reservation; from then on it is a
 * reservation like any other, but that its settlement may wait for a flush too. What changes of it is guarded by its allowance's monitor.
 */
public final class LeasedRequest {

    enum Phase {
        UNRECORDED,
        /** A flush is writing it. */
        RECORDING,
        /** A flush that should have written it failed, and may have been committed all the same. */
        DOUBTFUL,
        RECORDED
    }

    private final RequestId id;
    private final Allowance allowance;

    Amounts reserved;

    /** What it used in the end; null: it is still open. */
    @Nullable
    Amounts used;

    Phase phase = Phase.UNRECORDED;

    LeasedRequest(RequestId id, Allowance allowance, Amounts reserved) {
        this.id = id;
        this.allowance = allowance;
        this.reserved = reserved;
    }

    public RequestId id() {
        return id;
    }

    Allowance allowance() {
        return allowance;
    }

    public boolean isRecorded() {
        synchronized (allowance) {
            return phase == Phase.RECORDED;
        }
    }

    /** What its allowance must still cover for it. */
    Amounts claim() {
        var ended = used;
        return ended == null ? reserved : ended.atMost(reserved);
    }
}
