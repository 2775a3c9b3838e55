package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.UUID;

/** A project as the admin API and the audit log show it. */
record Project(
        @JsonProperty("project_id") UUID projectId,
        @JsonProperty("tenant_id") UUID tenantId,
        String name,
        ProjectState state,
        @JsonProperty("is_default") boolean isDefault,
        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("update_time") Instant updateTime) {

    String path() {
        return "tenants/" + tenantId + "/projects/" + projectId;
    }
}
