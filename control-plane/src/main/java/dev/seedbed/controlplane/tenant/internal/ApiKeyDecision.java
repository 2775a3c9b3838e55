package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a command makes of a key. Pure: nothing is read or written. */
final class ApiKeyDecision {

    private ApiKeyDecision() {}

    static ApiKey create(
            Tenant tenant,
            UUID projectId,
            ApiKeyId id,
            @Nullable KeyEnvironment environment,
            @Nullable String name,
            @Nullable Instant expireTime,
            Instant now) {
        String checkedName = DisplayName.check("name", name);
        if (environment == null) {
            throw SeedbedException.invalid(
                    "environment", "environment is missing (expected: one of [live, test, demo])");
        }
        if (expireTime != null && !expireTime.isAfter(now)) {
            throw SeedbedException.invalid(
                    "expire_time", "expire_time is in the past: " + expireTime + " (expected: after " + now + ")");
        }
        if (tenant.state() == TenantState.DELETED) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "tenant is deleted: " + tenant.tenantId());
        }
        return new ApiKey(
                id.value(), tenant.tenantId(), projectId, environment, checkedName, now, expireTime, null, null);
    }

    /** The same key if it is revoked already: the first moment stands. */
    static ApiKey revoke(ApiKey before, Instant now) {
        return before.revokeTime() != null
                ? before
                : new ApiKey(
                        before.publicId(),
                        before.tenantId(),
                        before.projectId(),
                        before.environment(),
                        before.name(),
                        before.createTime(),
                        before.expireTime(),
                        now,
                        before.lastUsedTime());
    }
}
