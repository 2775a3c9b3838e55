package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Window;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketTest {

    private static final long MINUTE = 60_000_000;

    @Test
    void sinksByItsLimitInAWindow() {
        var full = new Bucket(600, 0);

        assertThat(full.at(MINUTE / 2, 600L, Window.MINUTE)).isEqualTo(new Bucket(300, MINUTE / 2));
        assertThat(full.at(MINUTE, 600L, Window.MINUTE).posted()).isZero();
        assertThat(full.at(MINUTE, 600L, Window.HOUR).posted()).isEqualTo(590);
    }

    @Test
    void forgetsNoFractionOfAUnit() {
        // One unit sinks in 20 s: looking every second must not lose the seconds between.
        var bucket = new Bucket(3, 0);
        for (long second = 1; second <= 39; second++) {
            bucket = bucket.at(second * 1_000_000, 3L, Window.MINUTE);
        }
        assertThat(bucket.posted()).isEqualTo(2);
        assertThat(bucket.at(40_000_000, 3L, Window.MINUTE).posted()).isEqualTo(1);
    }

    @Test
    void doesNotSinkIntoTheFutureOfAClockThatWentBack() {
        var bucket = new Bucket(5, MINUTE);

        assertThat(bucket.at(0, 5L, Window.MINUTE)).isEqualTo(bucket);
    }

    @Test
    void saysWhenThereWillBeRoom() {
        assertThat(Bucket.timeToSink(1, 3, Window.MINUTE)).isEqualTo(Duration.ofSeconds(20));
        assertThat(Bucket.timeToSink(7, 60, Window.HOUR)).isEqualTo(Duration.ofMinutes(7));
        assertThat(Bucket.timeToSink(1, 7, Window.MINUTE)).isGreaterThan(Duration.ofMillis(8571));
    }

    /** Against exact fractions: a bucket that is looked at and filled at random moments holds what it should, rounded up. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithExactArithmetic(long seed) {
        var random = new Random(seed);
        for (int history = 0; history < 200; history++) {
            var limit = 1 + random.nextLong(seed % 2 == 0 ? 50 : 1_000_000_000_000L);
            var bucket = new Bucket(0, 0);
            var exact = BigDecimal.ZERO;
            long now = 0;
            for (int step = 0; step < 30; step++) {
                var elapsed = random.nextLong(MINUTE / 4);
                now += elapsed;
                exact = exact.subtract(BigDecimal.valueOf(elapsed)
                                .multiply(BigDecimal.valueOf(limit))
                                .divide(BigDecimal.valueOf(MINUTE), 30, RoundingMode.DOWN))
                        .max(BigDecimal.ZERO);
                bucket = bucket.at(now, limit, Window.MINUTE);
                // Rounding is only ever to the side that admits less, and by no more than one unit and a microsecond a
                // look.
                var slack = BigDecimal.valueOf(limit)
                        .divide(BigDecimal.valueOf(MINUTE), 30, RoundingMode.UP)
                        .multiply(BigDecimal.valueOf(step + 1L))
                        .add(BigDecimal.ONE);
                assertThat(BigDecimal.valueOf(bucket.posted()))
                        .isGreaterThanOrEqualTo(exact.setScale(6, RoundingMode.DOWN))
                        .isLessThanOrEqualTo(exact.add(slack));
                var added = random.nextLong(limit + 1);
                bucket = new Bucket(bucket.posted() + added, bucket.atMicros());
                exact = exact.add(BigDecimal.valueOf(added));
            }
        }
    }
}
