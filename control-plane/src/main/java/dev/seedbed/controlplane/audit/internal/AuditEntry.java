package dev.seedbed.controlplane.audit.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One change.
 *
 * @param action feature and verb, for example {@code tenant.suspend}
 * @param resource path below {@code /admin/v1}
 * @param before the resource as JSON before the change, null if it did not exist
 * @param after the same after the change, null if it is gone
 */
record AuditEntry(
        @JsonProperty("audit_entry_id") UUID auditEntryId,
        @JsonProperty("create_time") Instant createTime,
        String actor,
        String action,
        String resource,
        @Schema(type = "object") @JsonRawValue @Nullable String before,
        @Schema(type = "object") @JsonRawValue @Nullable String after,
        @JsonProperty("request_id") UUID requestId) {}
