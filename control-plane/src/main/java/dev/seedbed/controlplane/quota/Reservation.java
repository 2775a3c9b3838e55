package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.wire.RequestId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reservation as it stands, for those who look into one request.
 *
 * @param postings how often something was posted from it
 * @param expireTime when it expires, or would have, without a renewal
 * @param resolveTime null while it is pending
 * @param lateTime when its owner settled after it had expired; null: it did not
 */
public record Reservation(
        RequestId requestId,
        ReservationState state,
        int postings,
        Instant createTime,
        Instant expireTime,
        @Nullable Instant resolveTime,
        @Nullable Instant lateTime,
        List<Line> lines) {

    /** What it holds of one budget, in {@code unit}. */
    public record Line(Unit unit, long reserved, long posted) {}
}
