package dev.seedbed.controlplane.quota;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One limit of a subject in its present window and what was used of it, in {@code unit}.
 *
 * @param limit null: counted, not limited. Lowering it below the usage refuses new requests and cuts nothing; otherwise
 *     {@code posted + reserved + leased <= limit} at every commit
 * @param posted what was used; of a bucket, what has not yet sunk
 * @param reserved what requests in flight hold beyond what they have posted
 * @param leased what replicas hold ahead of requests
 * @param resetIn until all of it is available again if nobody uses any; null: never
 */
public record Budget(
        Subject subject,
        Unit unit,
        Window window,
        @Nullable Long limit,
        long posted,
        long reserved,
        long leased,
        @Nullable Duration resetIn) {

    /** Of a limit that nobody asked anything of yet in its present window. */
    public static Budget unused(Subject subject, Limit limit) {
        return new Budget(subject, limit.unit(), limit.window(), limit.amount(), 0, 0, 0, null);
    }

    public Limit.Key key() {
        return new Limit.Key(unit, window);
    }

    /** What admission can still give, >= 0; {@link Long#MAX_VALUE} without a limit. */
    public long available() {
        return limit == null ? Long.MAX_VALUE : Math.max(0, limit - posted - reserved - leased);
    }
}
