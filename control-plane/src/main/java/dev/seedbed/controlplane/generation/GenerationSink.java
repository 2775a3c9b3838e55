package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Instant;
import java.util.List;

/**
 * Where the events of one generation go; called by one thread. A call may block as long as its client is slow.
 *
 * <p>Every method may throw {@link ClientGoneException}: the generation is then cancelled and billed as far as it was reported.
 */
public interface GenerationSink {

    /**
     * Before anything else, at most once: what follows is the answer to an earlier request with the same idempotency key.
     *
     * @param original the request that was answered
     * @param created when that one came in
     */
    default void replays(RequestId original, Instant created) {}

    /** First, once: the work is reserved. */
    void admitted(ModelVersion version, List<Budget> budgets);

    /** Text that will not change any more. */
    void committed(String text, Work work);

    /** The whole current draft after the committed text; replaces the draft before. Positions of the block and how many are decided. */
    void draft(String text, int positions, int decidedPositions, Work work);

    /** Called at least every second while nothing else is: finds out whether the client is still there. */
    void idle();

    /** Last, once, after the settlement is durable. Not called when the generation failed. */
    void finished(FinishReason reason, String detail, Work work);

    /** The client cannot be reached any more. */
    final class ClientGoneException extends RuntimeException {
        public ClientGoneException(String message) {
            super(message);
        }

        public ClientGoneException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
