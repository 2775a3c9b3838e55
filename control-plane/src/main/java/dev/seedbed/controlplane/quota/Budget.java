package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.tenant.TenantId;
import org.jspecify.annotations.Nullable;

/**
 * One limit of a tenant over its whole life and what was used of it, in {@code unit}.
 *
 * @param limit null: counted, not limited. Lowering it below the usage refuses new requests and cuts nothing; otherwise
 *     {@code posted + reserved <= limit} at every commit
 * @param posted what the ledger holds
 * @param reserved what requests in flight hold beyond what they have posted
 */
public record Budget(TenantId tenantId, Unit unit, @Nullable Long limit, long posted, long reserved) {

    /** What admission can still give, >= 0; {@link Long#MAX_VALUE} without a limit. */
    public long available() {
        return limit == null ? Long.MAX_VALUE : Math.max(0, limit - posted - reserved);
    }
}
