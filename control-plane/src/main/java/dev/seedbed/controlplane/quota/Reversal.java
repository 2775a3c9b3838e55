package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;

/**
 * All that a request had posted and that was taken back; the caller writes it to the ledger in the same transaction.
 *
 * @param amounts what the tenant is not charged any more
 */
public record Reversal(RequestId requestId, TenantId tenantId, Amounts amounts) {}
