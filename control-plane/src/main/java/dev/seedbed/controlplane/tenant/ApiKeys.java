package dev.seedbed.controlplane.tenant;

import org.jspecify.annotations.Nullable;

/** Authentication by API key; the entry point of this feature for the surfaces. */
public interface ApiKeys {
    /**
     * Names the caller of an {@code Authorization} header.
     *
     * @param authorization the header's value, {@code Bearer sb-<env>-<publicId>-<secret>}, or null if absent
     * @throws dev.seedbed.controlplane.wire.SeedbedException INVALID_API_KEY: absent, malformed, unknown, revoked or expired; the
     *     message never tells which of unknown and wrong it was. PERMISSION_DENIED: the key is right, its tenant is suspended.
     *     OVERLOADED: the database is away, and the key is not remembered well enough to do without
     */
    Caller authenticate(@Nullable String authorization);
}
