package dev.seedbed.adapter.triton;

import org.jspecify.annotations.Nullable;

/**
 * What one message of the engine says.
 *
 * @param start index of the first of {@code tokenIds} in the output; 0 is the first generated token
 * @param tokenIds may be empty: then the message only reports work
 * @param draft true: replaces the previous draft, the mask id where undecided; false: append for good
 * @param work cumulative
 * @param finish present in the last message only
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on once; never compared.
public record DecodeOutput(
        int start,
        int[] tokenIds,
        boolean draft,
        Work work,
        @Nullable Finish finish) {

    /** Cumulative counters of one generation, as {@code docs/sampling.md} defines them. */
    public record Work(
            long inputTokens,
            long cachedInputTokens,
            long forwardPasses,
            long positionsEvaluated,
            long committedTokens,
            long edits) {

        public static final Work NONE = new Work(0, 0, 0, 0, 0, 0);
    }

    public enum FinishReason {
        STOP,
        LENGTH,
        CANCELLED,
        ERROR
    }

    /** @param detail {@code end_token}, {@code max_tokens}, {@code work_limit}, ... */
    public record Finish(FinishReason reason, String detail) {}
}
