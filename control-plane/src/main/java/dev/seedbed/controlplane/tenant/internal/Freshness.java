package dev.seedbed.controlplane.tenant.internal;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How far a replica may believe what it remembers of a key. Pure; all times are readings of one monotonic clock, in nanoseconds.
 *
 * <p>The channel is <em>proven as of</em> the moment at which the newest echo that came back was sent: whatever was committed before
 * that moment was told before the echo came, and is forgotten. So an answer from memory is never older than {@code trust}.
 *
 * <pre>
 * channel proven   key read     the key is remembered, and good         else
 * ---------------  -----------  --------------------------------------  ------------------------------------
 * ≤ trust ago      ≤ recheck    CACHE: from memory                      DATABASE: what the database says;
 * > trust ago, or  > recheck    DATABASE_ELSE_CACHE: what the database            if it is away, OVERLOADED
 *   either of them ≤ grace ago    says; if it is away, from memory
 * both             > grace ago  DATABASE                                DATABASE
 * </pre>
 *
 * <p>Memory can only accept: every refusal is the database's, and a database that is away never makes a key wrong.
 *
 * @param trust how old the proof of the channel may be; bounds how late a revocation is
 * @param recheck how long a key is not read again while the channel lives; bounds the drift of clocks in its expiry
 * @param grace how long remembered keys go on when the database is away, ≥ trust
 */
record Freshness(Duration trust, Duration recheck, Duration grace) {

    Freshness {
        if (trust.compareTo(grace) > 0) {
            throw new IllegalArgumentException(
                    "grace is shorter than trust: %s (expected: at least %s)".formatted(grace, trust));
        }
    }

    enum Source {
        CACHE,
        DATABASE_ELSE_CACHE,
        DATABASE
    }

    /**
     * Where the answer about a key comes from.
     *
     * @param provenAt null: the channel has not been proven yet
     * @param readAt when the reading of the key began; null: the key is not remembered
     */
    Source source(long now, @Nullable Long provenAt, @Nullable Long readAt) {
        if (readAt == null) {
            return Source.DATABASE;
        }
        if (isWithin(trust, now, provenAt) && isWithin(recheck, now, readAt)) {
            return Source.CACHE;
        }
        return isWithin(grace, now, provenAt) || isWithin(grace, now, readAt)
                ? Source.DATABASE_ELSE_CACHE
                : Source.DATABASE;
    }

    private static boolean isWithin(Duration limit, long now, @Nullable Long then) {
        return then != null && now - then <= limit.toNanos();
    }
}
