package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.wire.RequestId;
import org.jspecify.annotations.Nullable;

/**
 * A request that was admitted from a slice. It is unrecorded until a flush has written its reservation; from then on it is a
 * reservation like any other, but that its settlement may wait for a flush too. What changes of it is guarded by its slice's monitor.
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
    private final Slice slice;

    Amounts reserved;

    /** What it used in the end; null: it is still open. */
    @Nullable
    Amounts used;

    Phase phase = Phase.UNRECORDED;

    LeasedRequest(RequestId id, Slice slice, Amounts reserved) {
        this.id = id;
        this.slice = slice;
        this.reserved = reserved;
    }

    public RequestId id() {
        return id;
    }

    Slice slice() {
        return slice;
    }

    public boolean isRecorded() {
        synchronized (slice) {
            return phase == Phase.RECORDED;
        }
    }

    /** What its slice must still cover for it. */
    Amounts claim() {
        var ended = used;
        return ended == null ? reserved : ended.atMost(reserved);
    }
}
