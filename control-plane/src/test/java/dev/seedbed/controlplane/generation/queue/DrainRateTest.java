package dev.seedbed.controlplane.generation.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DrainRateTest {

    private static final long SECOND = 1_000_000_000L;

    private final DrainRate rate = new DrainRate();

    @Test
    void saysOneSecondWhereNothingWasMeasured() {
        assertThat(rate.retryAfter(0, 500)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void multipliesTheMeanIntervalByThoseAhead() {
        for (int i = 0; i < 10; i++) {
            rate.completed(i * SECOND / 2, true);
        }
        assertThat(rate.retryAfter(9 * SECOND / 2, 9)).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void followsAChangeOfPace() {
        long now = 0;
        for (int i = 0; i < 20; i++) {
            rate.completed(now += SECOND / 10, true);
        }
        var before = rate.retryAfter(now, 49);
        for (int i = 0; i < 20; i++) {
            rate.completed(now += SECOND, true);
        }
        assertThat(rate.retryAfter(now, 49)).isGreaterThan(before.multipliedBy(5));
    }

    @Test
    void takesNoNoticeOfIntervalsInWhichNobodyWaited() {
        rate.completed(0, true);
        rate.completed(SECOND, false);
        rate.completed(1_000 * SECOND, true);
        assertThat(rate.retryAfter(1_000 * SECOND, 1)).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void countsTheTimeThatADrainHasStoodStill() {
        rate.completed(0, true);
        rate.completed(SECOND, true);
        assertThat(rate.retryAfter(11 * SECOND, 1)).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void staysWithinOneSecondAndOneMinute() {
        rate.completed(0, true);
        rate.completed(1_000, true);
        assertThat(rate.retryAfter(1_000, 1)).isEqualTo(Duration.ofSeconds(1));
        assertThat(rate.retryAfter(500 * SECOND, 500)).isEqualTo(Duration.ofSeconds(60));
    }
}
