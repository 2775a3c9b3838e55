package dev.seedbed.controlplane.quota.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoundsCheckTest {

    @Test
    void takesRangesByTheNamesOfKnobs() {
        var bounds = BoundsCheck.of(Map.of("max_tokens", range(null, "512"), "threshold", range("0.5", null)));

        assertThat(bounds.each())
                .isEqualTo(Map.of(Bounded.MAX_TOKENS, range(null, "512"), Bounded.THRESHOLD, range("0.5", null)));
    }

    @Test
    void letsOwnBoundsWinOverAPlansOfTheSameName() {
        var plan = BoundsCheck.of(Map.of("max_tokens", range(null, "512"), "steps", range("1", "4")));
        var own = BoundsCheck.of(Map.of("max_tokens", range(null, "600")));

        assertThat(own.over(plan).each())
                .isEqualTo(Map.of(Bounded.MAX_TOKENS, range(null, "600"), Bounded.STEPS, range("1", "4")));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", delimiter = '|', textBlock = """
            seed           | -    | 5     | bounds                | unknown bound: seed (expected: one of [context_tokens
            threshold      | -    | -     | bounds.threshold      | bounds.threshold is empty (expected: min, max or both)
            threshold      | 0.9  | 0.5   | bounds.threshold      | bounds.threshold is empty: 0.9..0.5 (expected: min <= max)
            steps          | -1   | -     | bounds.steps.min      | bounds.steps.min out of range: -1
            steps          | -    | 1e999 | bounds.steps.max      | bounds.steps.max out of range: 1E+999
            threshold      | 1e-10 | -    | bounds.threshold.min  | at most 9 decimals
            max_tokens     | 1    | 5     | bounds.max_tokens     | bounds.max_tokens out of range: 1..5 (expected: only max, >= 1)
            context_tokens | -    | 0     | bounds.context_tokens | bounds.context_tokens out of range: at most 0
            """)
    void namesWhatIsWrong(String name, @Nullable String min, @Nullable String max, String field, String message) {
        refuses(name, range(min, max), field, message);
    }

    private static void refuses(String name, Bound bound, String field, String message) {
        assertThatThrownBy(() -> BoundsCheck.of(Map.of(name, bound)))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.param()).isEqualTo(field))
                .hasMessageContaining(message);
    }

    private static Bound allowed(String... names) {
        return Bound.names(List.of(names));
    }

    @Test
    void takesNamesInOneOrderAndEachOnce() {
        var bounds = BoundsCheck.of(Map.of("mode", allowed("diffusion", "exact", "diffusion")));

        assertThat(bounds.each()).isEqualTo(Map.of(Bounded.MODE, allowed("exact", "diffusion")));
        assertThat(BoundsJson.write(bounds)).isEqualTo("{\"mode\":{\"allowed\":[\"exact\",\"diffusion\"]}}");
        assertThat(BoundsJson.read(BoundsJson.write(bounds))).isEqualTo(bounds);
    }

    @Test
    void namesWhatIsWrongWithNames() {
        refuses("mode", range(null, null), "bounds.mode", "bounds.mode is empty (expected: allowed, some of [autor");
        refuses("mode", allowed(), "bounds.mode", "bounds.mode is empty");
        refuses("policy", range("1", null), "bounds.policy", "bounds.policy is empty");
        refuses(
                "policy",
                new Bound(null, BigDecimal.ONE, List.of("threshold")),
                "bounds.policy",
                "bounds.policy is no range (expected: allowed, some of [threshold, confident_prefix, fixed_steps])");
        refuses("mode", allowed("fast"), "bounds.mode.allowed", "bounds.mode.allowed unknown: fast (expected");
        refuses(
                "mode",
                new Bound(null, null, Collections.singletonList(null)),
                "bounds.mode.allowed",
                "bounds.mode.allowed unknown: null");
        refuses(
                "threshold",
                new Bound(BigDecimal.ONE, null, List.of("exact")),
                "bounds.threshold.allowed",
                "bounds.threshold.allowed makes no sense (expected: min, max or both)");
    }

    @Test
    void areKeptAsTheyWereWritten() {
        var bounds = BoundsCheck.of(Map.of("threshold", range("0.70", "1"), "context_tokens", range(null, "4096")));

        var column = BoundsJson.write(bounds);

        assertThat(column).isEqualTo("{\"context_tokens\":{\"max\":4096},\"threshold\":{\"min\":0.70,\"max\":1}}");
        assertThat(BoundsJson.read(column)).isEqualTo(bounds);
        assertThat(BoundsJson.read("{\"of a later version\": {\"max\": 1}}")).isEqualTo(Bounds.NONE);
    }

    private static Bound range(@Nullable String min, @Nullable String max) {
        return Bound.range(min == null ? null : new BigDecimal(min), max == null ? null : new BigDecimal(max));
    }
}
