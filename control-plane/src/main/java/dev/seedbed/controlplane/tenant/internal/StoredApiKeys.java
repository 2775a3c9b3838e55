package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.security.MessageDigest;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
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
        return stored.caller();
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
                        SELECT k.public_id, k.key_hmac, k.tenant_id, k.project_id, k.scopes, k.models,
                               t.state, t.weight, t.priority, t.answer_retention_hours,
                               k.revoke_time IS NOT NULL AS revoked, coalesce(k.expire_time <= now(), false) AS expired
                          FROM api_key k JOIN tenant t USING (tenant_id)
                         WHERE k.public_id = ?
                        """)
                .param(id.value())
                .query((row, n) -> new Stored(
                        row.getBytes("key_hmac"),
                        caller(row),
                        TenantState.valueOf(row.getString("state")),
                        row.getBoolean("revoked"),
                        row.getBoolean("expired")))
                .optional();
    }

    private static Caller caller(ResultSet row) throws SQLException {
        var scopes = texts(row.getArray("scopes")).stream()
                .map(text -> Scope.of(text).orElseThrow())
                .collect(Collectors.toUnmodifiableSet());
        var models = row.getArray("models");
        return new Caller(
                new TenantId(row.getObject("tenant_id", UUID.class)),
                new ProjectId(row.getObject("project_id", UUID.class)),
                new ApiKeyId(row.getString("public_id")),
                new Permissions(scopes, models == null ? null : Set.copyOf(texts(models))),
                new Share(row.getInt("weight"), row.getInt("priority")),
                Duration.ofHours(row.getInt("answer_retention_hours")));
    }

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }

    private static SeedbedException invalid(String message) {
        return new SeedbedException(ErrorCode.INVALID_API_KEY, message);
    }

    @SuppressWarnings("ArrayRecordComponent") // Compared by MessageDigest.isEqual only.
    private record Stored(byte[] keyHmac, Caller caller, TenantState tenantState, boolean revoked, boolean expired) {}
}
