package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import java.util.List;

/** Whether every budget of a tenant has room for an estimate. Pure. */
public sealed interface AdmissionDecision {

    /** Every budget has room; each reserves the wanted amount of its unit. */
    record Admitted() implements AdmissionDecision {}

    /**
     * @param budget the first that has no room
     * @param wanted in the budget's unit
     * @param heldByOthers whether there would be room if the requests in flight used nothing more
     */
    record Refused(BudgetRow budget, long wanted, boolean heldByOthers) implements AdmissionDecision {}

    static AdmissionDecision decide(List<BudgetRow> budgets, Amounts wanted) {
        for (var budget : budgets) {
            var amount = wanted.get(budget.unit());
            if (amount > budget.available()) {
                var limit = budget.limit() == null ? Long.MAX_VALUE : budget.limit();
                return new Refused(budget, amount, amount <= limit - budget.posted());
            }
        }
        return new Admitted();
    }
}
