package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import java.util.Map;

/** Cumulative work counters of one generation, over all its dispatches. */
public record Work(
        long inputTokens,
        long cachedInputTokens,
        long forwardPasses,
        long positionsEvaluated,
        long committedTokens,
        long edits) {

    public static final Work NONE = new Work(0, 0, 0, 0, 0, 0);

    /** What is billed: nothing before the engine has evaluated a position. */
    public Amounts billed() {
        if (positionsEvaluated == 0) {
            return Amounts.NONE;
        }
        return Amounts.of(Map.of(
                Unit.REQUEST, 1L,
                Unit.INPUT_TOKEN, inputTokens,
                Unit.CACHED_INPUT_TOKEN, cachedInputTokens,
                Unit.OUTPUT_TOKEN, committedTokens,
                Unit.POSITION, positionsEvaluated));
    }

    /**
     * Work of a generation that was continued: passes, positions and tokens add up, while the prompt counts as it did in the
     * first dispatch, although a continuation prefills it again together with its own output.
     */
    public Work continuedBy(Work dispatch) {
        var first = this.equals(NONE);
        return new Work(
                first ? dispatch.inputTokens : inputTokens,
                first ? dispatch.cachedInputTokens : cachedInputTokens,
                forwardPasses + dispatch.forwardPasses,
                positionsEvaluated + dispatch.positionsEvaluated,
                committedTokens + dispatch.committedTokens,
                edits + dispatch.edits);
    }
}
