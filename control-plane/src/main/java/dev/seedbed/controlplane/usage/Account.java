package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.tenant.TenantId;

/** One side of a ledger entry. */
public record Account(String name) {

    /** Source of all work that was done. */
    public static final Account WORK = new Account("platform/work");

    /**
     * Work that no tenant pays for: what a fenced owner reports when the budget has no room left, and what was done beyond a
     * reservation. Work after an engine's last report reaches nobody's books.
     */
    public static final Account LOSS = new Account("platform/loss");

    /** Work that a tenant was charged for and got back, because its answer never reached the client. */
    public static final Account REVERSAL = new Account("platform/reversal");

    public static Account of(TenantId tenant) {
        return new Account("tenant/" + tenant);
    }
}
