package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Looks every key up in the database, by its primary key. Nothing is cached: a revoked key stops on every replica with the commit
 * of its revocation.
 */
@Component
final class StoredApiKeys implements ApiKeys {

    private static final String SCHEME = "Bearer ";

    private final JdbcClient jdbc;
    private final ApiKeyHmac hmac;
    private final LastUse lastUse;

    StoredApiKeys(JdbcClient jdbc, ApiKeyHmac hmac, LastUse lastUse) {
        this.jdbc = jdbc;
        this.hmac = hmac;
        this.lastUse = lastUse;
    }

    @Override
    public Caller authenticate(@Nullable String authorization) {
        ApiKeyText key = read(authorization);
        byte[] expected = hmac.of(key);
        Stored stored = find(key.id())
                .filter(s -> MessageDigest.isEqual(s.keyHmac(), expected))
                .orElseThrow(() -> invalid("API key is wrong or unknown"));
        if (stored.revoked()) {
            throw invalid("API key is revoked: " + key.id());
        }
        if (stored.expired()) {
            throw invalid("API key is expired: " + key.id());
        }
        switch (stored.tenantState()) {
            case ACTIVE -> {}
            case SUSPENDED -> throw new SeedbedException(ErrorCode.PERMISSION_DENIED, "tenant is suspended");
            case DELETED -> throw invalid("API key is revoked: " + key.id());
        }
        lastUse.note(key.id());
        return new Caller(new TenantId(stored.tenantId()), key.id());
    }

    private static ApiKeyText read(@Nullable String authorization) {
        if (authorization == null || authorization.isBlank()) {
            throw invalid("API key is missing (expected: Authorization: Bearer sb-...)");
        }
        if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw invalid("authorization scheme is not supported (expected: Bearer)");
        }
        return ApiKeyText.parse(authorization.substring(SCHEME.length()).strip())
                .orElseThrow(() -> invalid("API key is malformed (expected: sb-<env>-<publicId>-<secret>)"));
    }

    private Optional<Stored> find(ApiKeyId id) {
        return jdbc.sql("""
                        SELECT k.key_hmac, k.tenant_id, t.state, k.revoke_time IS NOT NULL AS revoked,
                               coalesce(k.expire_time <= now(), false) AS expired
                          FROM api_key k JOIN tenant t USING (tenant_id)
                         WHERE k.public_id = ?
                        """)
                .param(id.value())
                .query((row, n) -> new Stored(
                        row.getBytes("key_hmac"),
                        row.getObject("tenant_id", UUID.class),
                        TenantState.valueOf(row.getString("state")),
                        row.getBoolean("revoked"),
                        row.getBoolean("expired")))
                .optional();
    }

    private static SeedbedException invalid(String message) {
        return new SeedbedException(ErrorCode.INVALID_API_KEY, message);
    }

    @SuppressWarnings("ArrayRecordComponent") // Compared by MessageDigest.isEqual only.
    private record Stored(byte[] keyHmac, UUID tenantId, TenantState tenantState, boolean revoked, boolean expired) {}
}
