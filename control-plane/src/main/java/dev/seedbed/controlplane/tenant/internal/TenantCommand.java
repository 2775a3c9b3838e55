package dev.seedbed.controlplane.tenant.internal;

import org.jspecify.annotations.Nullable;

/** What an operator can ask of an existing tenant. */
sealed interface TenantCommand {

    record Rename(@Nullable String name) implements TenantCommand {}

    record Suspend() implements TenantCommand {}

    record Activate() implements TenantCommand {}

    record Delete() implements TenantCommand {}
}
