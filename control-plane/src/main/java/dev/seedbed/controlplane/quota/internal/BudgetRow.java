package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Unit;
import org.jspecify.annotations.Nullable;

/** A locked row of quota_budget; amounts in {@code unit}. */
public record BudgetRow(long id, Unit unit, @Nullable Long limit, long posted, long reserved) {

    /** What admission can still give, >= 0. */
    public long available() {
        return limit == null ? Long.MAX_VALUE : Math.max(0, limit - posted - reserved);
    }
}
