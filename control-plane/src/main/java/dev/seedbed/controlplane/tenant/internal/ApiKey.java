package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A key as the admin API and the audit log show it: everything but the secret. */
record ApiKey(
        @JsonProperty("public_id") String publicId,
        @JsonProperty("tenant_id") UUID tenantId,
        @JsonProperty("project_id") UUID projectId,

        @Schema(
                type = "string",
                allowableValues = {"live", "test", "demo"})
        KeyEnvironment environment,

        String name,
        @JsonProperty("create_time") Instant createTime,

        @JsonProperty("expire_time") @Schema(description = "Refused from this moment on; null: never expires") @Nullable
        Instant expireTime,

        @JsonProperty("revoke_time") @Schema(description = "Refused since this moment; null: not revoked") @Nullable
        Instant revokeTime,

        @JsonProperty("last_used_time") @Schema(description = "Some seconds late; null: never used") @Nullable
        Instant lastUsedTime) {

    String path() {
        return "tenants/" + tenantId + "/api_keys/" + publicId;
    }
}
