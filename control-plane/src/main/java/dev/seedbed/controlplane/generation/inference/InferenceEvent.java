package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.usage.Work;
import java.util.List;

/**
 * A message of the adapter.
 *
 * @param work cumulative, of this dispatch alone
 * @param committedTokenIds output tokens that are new with this message
 */
public record InferenceEvent(Work work, List<Integer> committedTokenIds, Output output) {

    /** What the message brings beside the work. */
    public sealed interface Output {}

    /** A report of work. */
    public record Nothing() implements Output {}

    public record Text(String text) implements Output {}

    public record Draft(String text, int positions, int decidedPositions) implements Output {}

    /** @param heldText text to be output if the generation is not continued */
    public record Finished(Reason reason, String detail, String heldText) implements Output {}

    public enum Reason {
        STOP,
        LENGTH,
        CANCELLED,
        ERROR
    }
}
