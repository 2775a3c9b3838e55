package dev.seedbed.controlplane.quota;

import java.math.BigDecimal;

/**
 * A bound that holds for a caller.
 *
 * @param subject whose it is
 * @param ofPlan of the subject's plan, and not its own
 */
public record BoundInForce(Bounded of, Range range, Subject.Kind subject, boolean ofPlan) {

    /** For example {@code tenant} or {@code project's plan}. */
    public String whose() {
        return Subject.text(subject) + (ofPlan ? "'s plan" : "");
    }

    public boolean allows(BigDecimal value) {
        return range.contains(value);
    }
}
