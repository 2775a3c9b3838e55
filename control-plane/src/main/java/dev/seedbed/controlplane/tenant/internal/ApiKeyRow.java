package dev.seedbed.controlplane.tenant.internal;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
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
    private Instant createTime;
    private @Nullable Instant expireTime;
    private @Nullable Instant revokeTime;

    /** Written by {@link LastUse} beside this row's revision. */
    @Column(insertable = false, updatable = false)
    private @Nullable Instant lastUsedTime;

    @Version
    private @Nullable Long revision;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ApiKeyRow() {}

    ApiKeyRow(ApiKey key, byte[] keyHmac) {
        this.projectId = key.projectId();
        this.publicId = key.publicId();
        this.tenantId = key.tenantId();
        this.environment = key.environment().text();
        this.name = key.name();
        this.keyHmac = keyHmac.clone();
        this.createTime = key.createTime();
        this.expireTime = key.expireTime();
    }

    ApiKey apiKey() {
        return new ApiKey(
                publicId,
                tenantId,
                projectId,
                KeyEnvironment.of(environment),
                name,
                createTime,
                expireTime,
                revokeTime,
                lastUsedTime);
    }

    void revoke(Instant now) {
        revokeTime = now;
    }
}
