package dev.seedbed.controlplane.tenant.internal;

import org.jspecify.annotations.Nullable;

/** What an operator can ask of an existing tenant. */
sealed interface TenantCommand {

    /** Null leaves a field as it is; not all may be null. */
    record Update(
            @Nullable String name,
            @Nullable Integer weight,
            @Nullable Integer priority,
            @Nullable Integer answerRetentionHours)
            implements TenantCommand {}

    record Suspend() implements TenantCommand {}

    record Activate() implements TenantCommand {}

    record Delete() implements TenantCommand {}
}
