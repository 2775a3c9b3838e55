package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import java.util.Collection;
import java.util.EnumMap;

/** How much a replica may take ahead of requests. Pure. */
final class LeaseGrant {

    /** Of what is available, so that several replicas and single admissions find room too. */
    private static final int MOST_OF_AVAILABLE = 4;

    /** Heartbeats that an allowance should last. */
    private static final int BEATS = 3;

    /** Requests that a first allowance should last. */
    private static final int FIRST_REQUESTS = 8;

    /** Fewer are admitted one by one. */
    private static final int FEWEST_REQUESTS = 2;

    private LeaseGrant() {}

    /** Whether all that limits a caller lets it lease. What is only counted does not matter. */
    static boolean isAllowed(Collection<BudgetRow> budgets) {
        var limited = budgets.stream().filter(budget -> budget.limit() != null).toList();
        return !limited.isEmpty() && limited.stream().allMatch(budget -> budget.durability() == Durability.LEASED);
    }

    /**
     * An allowance for a caller that has none.
     *
     * @param budgets all of the caller's, as the request that asks leaves them
     * @param request what that one reserved
     * @return none near the limit
     */
    static Amounts first(Collection<BudgetRow> budgets, Amounts request) {
        if (!isAllowed(budgets)) {
            return Amounts.NONE;
        }
        var allowance = bounded(budgets, times(request, FIRST_REQUESTS));
        return allowance.covers(times(request, FEWEST_REQUESTS)) ? allowance : Amounts.NONE;
    }

    /**
     * What is added to an allowance.
     *
     * @param demand of the last heartbeat
     * @param unspent of the allowance
     */
    static Amounts more(Collection<BudgetRow> budgets, Amounts demand, Amounts unspent) {
        return isAllowed(budgets) ? bounded(budgets, times(demand, BEATS).minus(unspent)) : Amounts.NONE;
    }

    private static Amounts bounded(Collection<BudgetRow> budgets, Amounts wish) {
        var bounded = new EnumMap<Unit, Long>(Unit.class);
        wish.positive()
                .forEach((unit, amount) -> bounded.put(
                        unit,
                        budgets.stream()
                                .filter(budget -> budget.unit() == unit)
                                .mapToLong(budget -> budget.available() / MOST_OF_AVAILABLE)
                                .reduce(amount, Math::min)));
        return Amounts.of(bounded);
    }

    private static Amounts times(Amounts amounts, int factor) {
        var product = new EnumMap<Unit, Long>(Unit.class);
        amounts.positive()
                .forEach((unit, amount) ->
                        product.put(unit, amount > Long.MAX_VALUE / factor ? Long.MAX_VALUE : amount * factor));
        return Amounts.of(product);
    }
}
