package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.Caller;
import java.security.MessageDigest;
import java.util.List;

/**
 * A key as the database showed it at one moment. Its ends are kept as spans from that moment, on this process's monotonic clock:
 * no replica's wall clock decides whether a key is expired.
 *
 * @param readAt when the reading began, nanoseconds
 * @param lifetime nanoseconds from {@code readAt} to the key's end; a key without one gets a long span, after which it is read again
 */
record StoredKey(
        Caller caller,
        List<Secret> secrets,
        TenantState tenantState,
        ProjectState projectState,
        boolean revoked,
        long readAt,
        long lifetime) {

    /**
     * One of the secrets that a key has while it is rotated.
     *
     * @param lifetime nanoseconds from the key's {@code readAt}
     */
    @SuppressWarnings("ArrayRecordComponent") // Compared by MessageDigest.isEqual only.
    record Secret(byte[] hmac, long lifetime) {}

    enum Verdict {
        GOOD,
        WRONG_SECRET,
        REVOKED,
        EXPIRED,
        TENANT_SUSPENDED
    }

    /** What to say to a program that showed a key with this HMAC. Of a wrong secret nothing else is told. */
    Verdict judge(byte[] hmac, long now) {
        long elapsed = now - readAt;
        boolean known = false;
        for (Secret secret : secrets) {
            known |= MessageDigest.isEqual(secret.hmac(), hmac) & elapsed < secret.lifetime();
        }
        if (!known) {
            return Verdict.WRONG_SECRET;
        }
        if (revoked || projectState == ProjectState.DELETED || tenantState == TenantState.DELETED) {
            return Verdict.REVOKED;
        }
        if (elapsed >= lifetime) {
            return Verdict.EXPIRED;
        }
        return tenantState == TenantState.SUSPENDED ? Verdict.TENANT_SUSPENDED : Verdict.GOOD;
    }
}
