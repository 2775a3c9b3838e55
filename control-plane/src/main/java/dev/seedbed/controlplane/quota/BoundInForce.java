package dev.seedbed.controlplane.quota;

/**
 * A bound that holds for a caller.
 *
 * @param subject whose it is
 * @param ofPlan of the subject's plan, and not its own
 */
public record BoundInForce(Bounded of, Bound to, Subject.Kind subject, boolean ofPlan) {

    /** Kind of the subject in the words of errors and headers. */
    public String subjectText() {
        return Subject.text(subject);
    }

    /** For example {@code tenant} or {@code project's plan}. */
    public String whose() {
        return subjectText() + (ofPlan ? "'s plan" : "");
    }

    /** @param value a name, or a number as a decimal */
    public boolean allows(String value) {
        return to.allows(value);
    }
}
