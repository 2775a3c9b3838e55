package dev.seedbed.controlplane.generation;

import org.jspecify.annotations.Nullable;

/**
 * How a generation is decoded; null means the model version's default.
 *
 * @param threshold confidence in (0, 1]
 * @param steps forward passes per block, >= 1
 * @param editThreshold confidence in (0, 1] above which another token replaces a visible one; 1 is never
 * @param editRounds further passes of a decided block, for edits only, 0..16
 * @param blockSize positions per block
 * @param draftLength positions drafted per pass in mode exact
 * @param temperature 0..2; 0 is greedy
 * @param topP in (0, 1]
 * @param seed >= 0
 */
public record Knobs(
        @Nullable Mode mode,
        @Nullable Policy policy,
        @Nullable Double threshold,
        @Nullable Integer steps,
        @Nullable Double editThreshold,
        @Nullable Integer editRounds,
        @Nullable Integer blockSize,
        @Nullable Integer draftLength,
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Long seed) {

    public static final Knobs DEFAULTS = new Knobs(null, null, null, null, null, null, null, null, null, null, null);

    /** Lower-case names are those of the HTTP API. */
    public enum Mode {
        AUTOREGRESSIVE,
        EXACT,
        DIFFUSION
    }

    /** Lower-case names are those of the HTTP API. */
    public enum Policy {
        THRESHOLD,
        CONFIDENT_PREFIX,
        FIXED_STEPS
    }
}
