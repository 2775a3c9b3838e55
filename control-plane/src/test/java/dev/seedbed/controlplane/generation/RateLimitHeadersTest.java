package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Unit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitHeadersTest {

    private static final RateLimit EVER = new RateLimit("tenant", Unit.OUTPUT_TOKEN, "ever", 1000, 300, 100, 600, null);
    private static final RateLimit MINUTE =
            new RateLimit("key", Unit.OUTPUT_TOKEN, "minute", 500, 490, 0, 10, Duration.ofMillis(30_500));
    private static final RateLimit REQUESTS =
            new RateLimit("project", Unit.REQUEST, "day", 50, 8, 0, 42, Duration.ofMinutes(366));

    @Test
    void saysNothingWithoutALimit() {
        assertThat(RateLimitHeaders.of(List.of())).isEmpty();
    }

    @Test
    void tellsOpenAisClientsTheTightestOfSeveralLimits() {
        assertThat(RateLimitHeaders.of(List.of(EVER, MINUTE, REQUESTS)))
                .containsAllEntriesOf(Map.of(
                        "x-ratelimit-limit-tokens", List.of("500"),
                        "x-ratelimit-remaining-tokens", List.of("10"),
                        "x-ratelimit-reset-tokens", List.of("31s"),
                        "x-ratelimit-limit-requests", List.of("50"),
                        "x-ratelimit-remaining-requests", List.of("42"),
                        "x-ratelimit-reset-requests", List.of("6h6m0s")));
    }

    @Test
    void listsEveryLimitWithItsWindowAndUnit() {
        var headers = RateLimitHeaders.of(List.of(EVER, MINUTE, REQUESTS));
        assertThat(headers.get("ratelimit-policy"))
                .containsExactly(
                        "\"output-token\";q=1000;qu=\"tokens\"",
                        "\"key-output-token-minute\";q=500;w=60;qu=\"tokens\"",
                        "\"project-request-day\";q=50;w=86400;qu=\"requests\"");
        assertThat(headers.get("ratelimit"))
                .containsExactly(
                        "\"output-token\";r=600",
                        "\"key-output-token-minute\";r=10;t=31",
                        "\"project-request-day\";r=42;t=21960");
    }

    @Test
    void namesNoResetOfALimitThatHasNone() {
        assertThat(RateLimitHeaders.of(List.of(EVER))).doesNotContainKey("x-ratelimit-reset-tokens");
    }

    @ParameterizedTest
    @CsvSource({"0, 0ms", "250, 250ms", "1000, 1s", "59001, 1m0s", "360000, 6m0s", "3600000, 1h0m0s"})
    void spellsDurationsAsOpenAiDoes(long millis, String text) {
        assertThat(RateLimitHeaders.spelled(Duration.ofMillis(millis))).isEqualTo(text);
    }
}
