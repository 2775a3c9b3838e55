package dev.seedbed.controlplane.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RejectionSamplerTest {

    private static final long SECOND = 1_000_000_000L;

    private final RejectionSampler sampler = new RejectionSampler(10, 1, 0);

    @Test
    void keepsOneASecondOfOneKeyAndError() {
        assertThat(kept("key", "budget_exceeded", 2_000, 0)).isEqualTo(1);
        assertThat(kept("key", "budget_exceeded", 2_000, SECOND)).isEqualTo(1);
    }

    @Test
    void keepsAnotherErrorOfAKeyThatFloods() {
        assertThat(kept("key", "budget_exceeded", 2_000, 0)).isEqualTo(1);
        assertThat(kept("key", "invalid_request", 1, 0)).isEqualTo(1);
        assertThat(kept("other", "budget_exceeded", 1, 0)).isEqualTo(1);
    }

    @Test
    void keepsTenASecondOfAll() {
        var many = IntStream.range(0, 500)
                .filter(n -> sampler.keeps("key" + n, "code", 0))
                .count();
        assertThat(many).isEqualTo(10);
        assertThat(IntStream.range(0, 500)
                        .filter(n -> sampler.keeps("key" + n, "code", SECOND))
                        .count())
                .isEqualTo(10);
    }

    @Test
    void savesNothingUpOverAQuietTime() {
        assertThat(kept("key", "code", 2_000, 3_600 * SECOND)).isEqualTo(1);
    }

    @Test
    void countsCallersThatNobodyKnowsAsOne() {
        assertThat(kept(null, "invalid_api_key", 2_000, 0)).isEqualTo(1);
    }

    private long kept(@Nullable String key, String code, int times, long atNanos) {
        return IntStream.range(0, times)
                .filter(n -> sampler.keeps(key, code, atNanos))
                .count();
    }
}
