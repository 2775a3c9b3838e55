package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.tenant.internal.Freshness.Source;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FreshnessTest {

    private static final Freshness FRESHNESS =
            new Freshness(Duration.ofMillis(500), Duration.ofMinutes(1), Duration.ofSeconds(5));

    /** Monotonic clocks overflow. */
    private static final long NOW = Long.MIN_VALUE + 1_000_000;

    @ParameterizedTest(name = "channel proven {0} ms ago, key read {1} ms ago: {2}")
    @CsvSource({
        "0, 0, CACHE",
        "500, 0, CACHE",
        "500, 60000, CACHE",
        "500, 60001, DATABASE_ELSE_CACHE",
        "501, 0, DATABASE_ELSE_CACHE",
        "5000, 3600000, DATABASE_ELSE_CACHE",
        "5001, 5000, DATABASE_ELSE_CACHE",
        "5001, 5001, DATABASE",
        ", 0, DATABASE_ELSE_CACHE",
        ", 5001, DATABASE",
        "0, , DATABASE",
        "5001, , DATABASE",
        ", , DATABASE",
    })
    void believesWhatIsRememberedAsFarAsTheProofReaches(
            @Nullable Long provenAgo, @Nullable Long readAgo, Source expected) {
        assertThat(FRESHNESS.source(NOW, ago(provenAgo), ago(readAgo))).isEqualTo(expected);
    }

    @Test
    void believesLessAndLessWhileTheChannelIsSilent() {
        Source last = Source.CACHE;
        for (long ago = 0; ago < 10_000; ago++) {
            Source source = FRESHNESS.source(NOW, ago(ago), ago(ago));
            assertThat(source).isGreaterThanOrEqualTo(last);
            last = source;
        }
        assertThat(last).isEqualTo(Source.DATABASE);
    }

    @Test
    void refusesAGraceThatEndsBeforeTheTrust() {
        assertThatThrownBy(() -> new Freshness(Duration.ofSeconds(2), Duration.ofMinutes(1), Duration.ofSeconds(1)))
                .hasMessage("grace is shorter than trust: PT1S (expected: at least PT2S)");
    }

    private static @Nullable Long ago(@Nullable Long millis) {
        return millis == null ? null : NOW - Duration.ofMillis(millis).toNanos();
    }
}
