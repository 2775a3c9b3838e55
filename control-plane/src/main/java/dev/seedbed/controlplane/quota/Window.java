package dev.seedbed.controlplane.quota;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The span in which a limit counts.
 *
 * <p>Minute and hour are token buckets: what was used sinks by the limit in each window. Day and month are those of the calendar
 * in the tenant's time zone; a request counts where it was admitted.
 */
public enum Window {
    EVER(null),
    MONTH(null),
    DAY(null),
    HOUR(Duration.ofHours(1)),
    MINUTE(Duration.ofMinutes(1));

    private final @Nullable Duration bucket;

    Window(@Nullable Duration bucket) {
        this.bucket = bucket;
    }

    /** In which a full bucket empties; null: no bucket. */
    public @Nullable Duration bucket() {
        return bucket;
    }

    public boolean isBucket() {
        return bucket != null;
    }
}
