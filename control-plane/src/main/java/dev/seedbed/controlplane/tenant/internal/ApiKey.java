package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A key as the admin API and the audit log show it: everything but its secrets. */
record ApiKey(
        @JsonProperty("public_id") String publicId,
        @JsonProperty("tenant_id") UUID tenantId,
        @JsonProperty("project_id") UUID projectId,

        @Schema(
                type = "string",
                allowableValues = {"live", "test", "demo"})
        KeyEnvironment environment,

        @JsonUnwrapped KeySettings settings,
        @JsonProperty("create_time") Instant createTime,

        @JsonProperty("overlap_end_time")
        @Schema(
                description =
                        "The secret before the last rotation is refused from this moment on; null: there is one secret only")
        @Nullable
        Instant overlapEndTime,

        @JsonProperty("revoke_time") @Schema(description = "Refused since this moment; null: not revoked") @Nullable
        Instant revokeTime,

        @JsonProperty("delete_time")
        @Schema(description = "Hidden from lists since this moment; null: not deleted")
        @Nullable
        Instant deleteTime,

        @JsonProperty("last_used_time") @Schema(description = "Some seconds late; null: never used") @Nullable
        Instant lastUsedTime) {

    String path() {
        return "tenants/" + tenantId + "/api_keys/" + publicId;
    }

    ApiKey withSettings(KeySettings changed) {
        return copy(changed, overlapEndTime, revokeTime, deleteTime);
    }

    ApiKey withOverlapEndTime(@Nullable Instant time) {
        return copy(settings, time, revokeTime, deleteTime);
    }

    /** Of two revocations the first stands. */
    ApiKey revokedAt(Instant time) {
        return revokeTime == null ? copy(settings, overlapEndTime, time, deleteTime) : this;
    }

    /** Of two deletions the first stands. */
    ApiKey deletedAt(Instant time) {
        return deleteTime == null ? copy(settings, overlapEndTime, revokeTime, time) : this;
    }

    private ApiKey copy(
            KeySettings newSettings,
            @Nullable Instant newOverlapEnd,
            @Nullable Instant newRevoke,
            @Nullable Instant newDelete) {
        return new ApiKey(
                publicId,
                tenantId,
                projectId,
                environment,
                newSettings,
                createTime,
                newOverlapEnd,
                newRevoke,
                newDelete,
                lastUsedTime);
    }
}
