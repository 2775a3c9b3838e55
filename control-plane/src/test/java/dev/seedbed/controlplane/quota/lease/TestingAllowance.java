package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.internal.Bucket;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Allowances, and unused budgets for them, of one caller; read at the epoch. */
final class TestingAllowance {

    static final Caller CALLER = new Caller(
            new TenantId(new UUID(0, 1)),
            new ProjectId(new UUID(0, 2)),
            new ApiKeyId("0000000000000000"),
            Permissions.ALL,
            Share.DEFAULT,
            Duration.ofHours(24));

    private TestingAllowance() {}

    static BudgetRow budget(long id, Unit unit, @Nullable Long limit, Durability durability) {
        return new BudgetRow(
                id,
                Subject.of(CALLER.tenantId()),
                unit,
                Window.EVER,
                limit,
                durability,
                new Bucket(0, 0),
                0,
                0,
                0,
                null);
    }

    /** May be spent until the clock shows {@code deadlineNanos}. */
    static Allowance of(Amounts granted, long deadlineNanos) {
        return new Allowance(
                1, CALLER, List.of(budget(1, Unit.REQUEST, 1_000L, Durability.LEASED)), granted, 0, deadlineNanos);
    }
}
