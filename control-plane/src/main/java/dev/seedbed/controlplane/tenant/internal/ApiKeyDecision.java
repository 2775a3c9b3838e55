package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a command makes of a key: the same key if it changes nothing. Pure: nothing is read or written. */
final class ApiKeyDecision {

    private static final long DEFAULT_OVERLAP_SECONDS = Duration.ofHours(24).toSeconds();
    private static final long MAX_OVERLAP_SECONDS = Duration.ofDays(30).toSeconds();

    private ApiKeyDecision() {}

    static ApiKey create(
            Tenant tenant,
            Project project,
            ApiKeyId id,
            @Nullable KeyEnvironment environment,
            KeySettings settings,
            Instant now) {
        if (environment == null) {
            throw SeedbedException.invalid(
                    "environment", "environment is missing (expected: one of [live, test, demo])");
        }
        if (tenant.state() == TenantState.DELETED) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "tenant is deleted: " + tenant.tenantId());
        }
        ProjectDecision.requireLiving(project);
        return new ApiKey(
                id.value(), tenant.tenantId(), project.projectId(), environment, settings, now, null, null, null, null);
    }

    static ApiKey update(ApiKey before, ApiKeyChange change, Instant now) {
        requireLiving(before);
        return before.withSettings(change.applyTo(before.settings(), now));
    }

    /**
     * At most two secrets live at once: a rotation during an overlap would end a secret that programs were promised, and is refused
     * unless it asks for no overlap, which ends every secret before at once.
     *
     * @param overlapSeconds how long the secret before stays good, 0..30 days; null: 24 hours
     */
    static ApiKey rotate(ApiKey before, @Nullable Long overlapSeconds, Instant now) {
        long overlap = overlapSeconds == null ? DEFAULT_OVERLAP_SECONDS : overlapSeconds;
        if (overlap < 0 || overlap > MAX_OVERLAP_SECONDS) {
            throw SeedbedException.invalid(
                    "overlap_seconds",
                    "overlap_seconds out of range: %d (expected: 0..%d)".formatted(overlap, MAX_OVERLAP_SECONDS));
        }
        requireLiving(before);
        Instant running = before.overlapEndTime();
        if (overlap > 0 && running != null && running.isAfter(now)) {
            throw new SeedbedException(
                    ErrorCode.FAILED_PRECONDITION,
                    "API key is being rotated until %s (expected: later, or overlap_seconds 0, which ends the secrets before at once)"
                            .formatted(running));
        }
        return before.withOverlapEndTime(overlap == 0 ? null : now.plusSeconds(overlap));
    }

    static ApiKey revoke(ApiKey before, Instant now) {
        return before.revokedAt(now);
    }

    static ApiKey delete(ApiKey before, Instant now) {
        return before.revokedAt(now).deletedAt(now);
    }

    private static void requireLiving(ApiKey key) {
        if (key.revokeTime() != null) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "API key is revoked: " + key.publicId());
        }
    }
}
