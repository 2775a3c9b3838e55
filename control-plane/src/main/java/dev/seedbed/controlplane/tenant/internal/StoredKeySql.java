package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads a key with all that its acceptance depends on, by its primary key. */
@Component
class StoredKeySql {

    private final JdbcClient jdbc;

    StoredKeySql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    Optional<StoredKey> find(ApiKeyId id) {
        // Before the statement: a span from here ends no later than the moment that the database means.
        long readAt = System.nanoTime();
        return jdbc.sql("""
                        SELECT k.public_id, k.tenant_id, k.project_id, k.scopes, k.models,
                               t.state AS tenant_state, t.weight, t.priority, t.answer_retention_hours,
                               p.state AS project_state, k.revoke_time IS NOT NULL AS revoked,
                               k.key_hmac, k.previous_hmac,
                               (extract(epoch FROM least(k.expire_time, now() + interval '1 day') - now())
                                * 1000000)::bigint AS lifetime,
                               (extract(epoch FROM least(k.overlap_end_time, now() + interval '1 day') - now())
                                * 1000000)::bigint AS previous_lifetime
                          FROM api_key k JOIN tenant t USING (tenant_id) JOIN project p USING (project_id)
                         WHERE k.public_id = ?
                        """)
                .param(id.value())
                .query((row, n) -> new StoredKey(
                        caller(row),
                        secrets(row),
                        TenantState.valueOf(row.getString("tenant_state")),
                        ProjectState.valueOf(row.getString("project_state")),
                        row.getBoolean("revoked"),
                        readAt,
                        nanos(row, "lifetime")))
                .optional();
    }

    private static List<StoredKey.Secret> secrets(ResultSet row) throws SQLException {
        var secrets = new ArrayList<StoredKey.Secret>();
        secrets.add(new StoredKey.Secret(row.getBytes("key_hmac"), Long.MAX_VALUE));
        byte[] previous = row.getBytes("previous_hmac");
        if (previous != null) {
            secrets.add(new StoredKey.Secret(previous, nanos(row, "previous_lifetime")));
        }
        return List.copyOf(secrets);
    }

    private static long nanos(ResultSet row, String micros) throws SQLException {
        return Duration.ofNanos(row.getLong(micros)).multipliedBy(1000).toNanos();
    }

    private static Caller caller(ResultSet row) throws SQLException {
        var scopes = texts(row, "scopes").stream()
                .map(text -> Scope.of(text).orElseThrow())
                .collect(Collectors.toUnmodifiableSet());
        var models = row.getArray("models");
        return new Caller(
                new TenantId(row.getObject("tenant_id", UUID.class)),
                new ProjectId(row.getObject("project_id", UUID.class)),
                new ApiKeyId(row.getString("public_id")),
                new Permissions(scopes, models == null ? null : Set.copyOf(texts(row, "models"))),
                new Share(row.getInt("weight"), row.getInt("priority")),
                Duration.ofHours(row.getInt("answer_retention_hours")));
    }

    private static List<String> texts(ResultSet row, String column) throws SQLException {
        return List.of((String[]) row.getArray(column).getArray());
    }
}
