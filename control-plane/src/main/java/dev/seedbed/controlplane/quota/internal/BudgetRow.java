package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A locked row of quota_budget; amounts in {@code unit}.
 *
 * @param level what was posted, as stored
 * @param nowMicros when the row was read, on the database's clock, since the epoch
 * @param endMicros of the calendar window; null of the others
 */
public record BudgetRow(
        long id,
        Subject subject,
        Unit unit,
        Window window,
        @Nullable Long limit,
        Durability durability,
        Bucket level,
        long reserved,
        long leased,
        long nowMicros,
        @Nullable Long endMicros) {

    /** The level now. */
    public Bucket levelNow() {
        return level.at(nowMicros, limit, window);
    }

    /** What counts as used now. */
    long posted() {
        return levelNow().posted();
    }

    /** What admission can still give, >= 0. */
    public long available() {
        return limit == null ? Long.MAX_VALUE : Math.max(0, limit - posted() - reserved - leased);
    }

    /** Whether its limit was lowered below what was used and is held of it. */
    public boolean isOverdrawn() {
        return limit != null && limit < posted() + reserved + leased;
    }

    /** After amounts were moved on it, each of which may be negative. Its level must have been written as it is now. */
    public BudgetRow moved(long posted, long reserved, long leased) {
        var now = levelNow();
        return new BudgetRow(
                id,
                subject,
                unit,
                window,
                limit,
                durability,
                new Bucket(now.posted() + posted, now.atMicros()),
                this.reserved + reserved,
                this.leased + leased,
                nowMicros,
                endMicros);
    }

    /** Until its window ends; {@link Long#MAX_VALUE} if it does not. */
    public long nanosLeft() {
        return endMicros == null ? Long.MAX_VALUE : Math.max(0, endMicros - nowMicros) * 1_000;
    }

    /** As others see it after {@code more} was reserved. */
    public Budget budget(long more) {
        return new Budget(subject, unit, window, limit, posted(), reserved + more, leased, resetIn());
    }

    private @Nullable Duration resetIn() {
        if (endMicros != null) {
            return Duration.ofNanos(Math.max(0, endMicros - nowMicros) * 1_000);
        }
        return window.isBucket() && limit != null && limit > 0 ? Bucket.timeToSink(posted(), limit, window) : null;
    }
}
