package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Where leases are kept. Each call is one step of a transaction, all of whose steps are kept or none. */
interface LeaseStore {

    /** Debits budgets, which must have room. @return the lease's id */
    long grant(long ownerEpoch, Caller caller, List<BudgetRow> budgets, Amounts granted);

    /** @see Leases#write */
    Leases.Written write(
            List<Allowance.Snapshot> allowances,
            long ownerEpoch,
            Map<RequestId, Amounts> workSoFar,
            Map<RequestId, Amounts> ended);

    /** Asks the owners of what is leased of budgets to give it back with their next flush. */
    void recall(Collection<Long> budgetIds);

    /** Gives back what leases hold that were not renewed in time. @return how many, at most {@code atMost} */
    int expireOverdue(int atMost);
}
