package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether every budget of a caller has room for an estimate. Pure. */
public sealed interface AdmissionDecision {

    /** Every budget has room; each reserves the wanted amount of its unit. */
    record Admitted() implements AdmissionDecision {}

    /**
     * @param budget the one without room that stands in the way longest
     * @param wanted in the budget's unit
     * @param retryAfter when there may be room; null: waiting does not help
     */
    record Refused(
            BudgetRow budget,
            long wanted,
            Reason reason,
            @Nullable Duration retryAfter) implements AdmissionDecision {}

    /** In the order of how soon there may be room. */
    enum Reason {
        /** A bucket has not sunk far enough, or too many requests are open. */
        RATE,
        /** There would be room if the requests in flight used nothing more, or replicas gave back what they hold. */
        HELD,
        /** Used up until the window turns, for ever, or wanted by one request alone. */
        EXCEEDED
    }

    /** Before one asks again for what others hold. */
    Duration HELD_RETRY = Duration.ofSeconds(1);

    static AdmissionDecision decide(List<BudgetRow> budgets, Amounts wanted) {
        return budgets.stream()
                .filter(budget -> wanted.get(budget.unit()) > budget.available())
                .map(budget -> refusal(budget, wanted.get(budget.unit())))
                .max(Comparator.comparing(Refused::reason)
                        .thenComparing(Refused::retryAfter, Comparator.nullsLast(Comparator.naturalOrder())))
                .<AdmissionDecision>map(refused -> refused)
                .orElseGet(Admitted::new);
    }

    private static Refused refusal(BudgetRow budget, long wanted) {
        var limit = budget.limit() == null ? Long.MAX_VALUE : budget.limit();
        if (wanted > limit) {
            return new Refused(budget, wanted, Reason.EXCEEDED, null);
        }
        if (budget.unit() == Unit.CONCURRENT_REQUEST) {
            return new Refused(budget, wanted, Reason.RATE, HELD_RETRY);
        }
        // How much too much is used, should nothing that is held be used.
        var over = wanted - (limit - budget.posted());
        if (over <= 0) {
            return new Refused(budget, wanted, Reason.HELD, HELD_RETRY);
        }
        if (budget.window().isBucket()) {
            return new Refused(budget, wanted, Reason.RATE, Bucket.timeToSink(over, limit, budget.window()));
        }
        return new Refused(budget, wanted, Reason.EXCEEDED, null);
    }
}
