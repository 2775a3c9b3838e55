package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.EnumMap;
import java.util.List;

/**
 * A locked reservation with its lines, one for each budget it debits.
 *
 * @param settledLate whether its owner settled it after it had expired, which counts once
 */
public record ReservationRow(
        RequestId id,
        TenantId tenantId,
        long ownerEpoch,
        ReservationState state,
        boolean settledLate,
        int postings,
        List<Line> lines) {

    /** Amounts in the budget's unit. */
    public record Line(BudgetRow budget, long reserved, long posted) {
        Unit unit() {
            return budget.unit();
        }

        long open() {
            return reserved - posted;
        }

        /** What the budget could still give to somebody else. */
        long available() {
            return budget.available();
        }
    }

    /** What has been posted so far. Lines of one unit have posted the same. */
    public Amounts posted() {
        var posted = new EnumMap<Unit, Long>(Unit.class);
        lines.forEach(line -> posted.put(line.unit(), line.posted()));
        return Amounts.of(posted);
    }
}
