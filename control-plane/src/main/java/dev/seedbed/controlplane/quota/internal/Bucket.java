package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Window;
import java.math.BigInteger;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What has been used of a token bucket: it sinks evenly, by the limit in each window. What is reserved does not sink, so at no
 * moment are more than {@code limit} in use, and in no window are more than twice as many admitted. Pure.
 *
 * @param posted in the limit's unit, as of {@code atMicros}
 * @param atMicros since the epoch, on the database's clock
 */
public record Bucket(long posted, long atMicros) {

    /** As of a later moment; an earlier one changes nothing. Fractions of a unit are kept as time not yet counted. */
    public Bucket at(long nowMicros, @Nullable Long limit, Window window) {
        var span = window.bucket();
        if (span == null || limit == null || limit == 0 || nowMicros <= atMicros) {
            return this;
        }
        var spanMicros = micros(span);
        var sunk = product(nowMicros - atMicros, limit).divide(BigInteger.valueOf(spanMicros));
        if (sunk.compareTo(BigInteger.valueOf(posted)) >= 0) {
            return new Bucket(0, nowMicros);
        }
        var units = sunk.longValueExact();
        return new Bucket(posted - units, atMicros + ceilingOf(units, spanMicros, limit));
    }

    /** Until {@code units} have sunk, from {@code atMicros} on. */
    static Duration timeToSink(long units, long limit, Window window) {
        var span = window.bucket();
        if (span == null || limit == 0) {
            throw new IllegalArgumentException("nothing sinks: limit %d, window %s".formatted(limit, window));
        }
        return Duration.ofNanos(Math.multiplyExact(ceilingOf(units, micros(span), limit), 1_000L));
    }

    private static long ceilingOf(long units, long spanMicros, long limit) {
        var divisor = BigInteger.valueOf(limit);
        return product(units, spanMicros)
                .add(divisor.subtract(BigInteger.ONE))
                .divide(divisor)
                .longValueExact();
    }

    private static BigInteger product(long a, long b) {
        return BigInteger.valueOf(a).multiply(BigInteger.valueOf(b));
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }
}
