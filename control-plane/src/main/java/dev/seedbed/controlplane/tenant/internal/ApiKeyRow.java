package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.Scope;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

@Entity
@Table(name = "api_key")
class ApiKeyRow {

    @Id
    private String publicId;

    private UUID tenantId;
    private UUID projectId;
    private String environment;
    private String name;
    private byte[] keyHmac;
    private byte @Nullable [] previousHmac;

    @JdbcTypeCode(SqlTypes.ARRAY)
    private List<String> scopes;

    @JdbcTypeCode(SqlTypes.ARRAY)
    private @Nullable List<String> models;

    private Instant createTime;
    private @Nullable Instant expireTime;
    private @Nullable Instant overlapEndTime;
    private @Nullable Instant revokeTime;
    private @Nullable Instant deleteTime;

    /** Written by {@link LastUse} beside this row's revision. */
    @Column(insertable = false, updatable = false)
    private @Nullable Instant lastUsedTime;

    @Version
    private @Nullable Long revision;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ApiKeyRow() {}

    ApiKeyRow(ApiKey key, byte[] keyHmac) {
        this.publicId = key.publicId();
        this.tenantId = key.tenantId();
        this.projectId = key.projectId();
        this.environment = key.environment().text();
        this.keyHmac = keyHmac.clone();
        this.createTime = key.createTime();
        this.name = key.settings().name();
        this.scopes = texts(key.settings().scopes());
        apply(key);
    }

    ApiKey apiKey() {
        return new ApiKey(
                publicId,
                tenantId,
                projectId,
                KeyEnvironment.of(environment),
                new KeySettings(
                        name,
                        scopes.stream()
                                .map(text -> Scope.of(text).orElseThrow())
                                .sorted()
                                .toList(),
                        models == null ? null : models.stream().sorted().toList(),
                        expireTime),
                createTime,
                overlapEndTime,
                revokeTime,
                deleteTime,
                lastUsedTime);
    }

    final void apply(ApiKey after) {
        name = after.settings().name();
        scopes = texts(after.settings().scopes());
        models = after.settings().models();
        expireTime = after.settings().expireTime();
        revokeTime = after.revokeTime();
        deleteTime = after.deleteTime();
    }

    /** A null end of the overlap forgets the secret before. */
    void rotate(ApiKey after, byte[] nextHmac) {
        overlapEndTime = after.overlapEndTime();
        previousHmac = overlapEndTime == null ? null : keyHmac;
        keyHmac = nextHmac.clone();
    }

    private static List<String> texts(List<Scope> scopes) {
        return scopes.stream().map(Scope::text).toList();
    }
}
