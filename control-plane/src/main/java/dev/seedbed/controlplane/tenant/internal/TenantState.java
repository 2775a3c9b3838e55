package dev.seedbed.controlplane.tenant.internal;

/** Whether a tenant may generate. */
enum TenantState {
    ACTIVE,
    /** Its keys are refused until it is activated again; nothing else changes. */
    SUSPENDED,
    /** Final. The row stays, because ledger and audit refer to it. */
    DELETED
}
