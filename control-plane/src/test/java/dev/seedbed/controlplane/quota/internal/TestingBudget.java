package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Rows for tests of decisions, read at the epoch. */
final class TestingBudget {

    private TestingBudget() {}

    static BudgetRow of(long id, Unit unit, @Nullable Long limit, long posted, long reserved) {
        return of(id, unit, Window.EVER, limit, posted, reserved, 0);
    }

    static BudgetRow of(
            long id, Unit unit, Window window, @Nullable Long limit, long posted, long reserved, long leased) {
        return new BudgetRow(
                id,
                Subject.of(new TenantId(new UUID(0, 0))),
                unit,
                window,
                limit,
                Durability.STRICT,
                new Bucket(posted, 0),
                reserved,
                leased,
                0,
                null);
    }
}
