package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.UUID;

/** A tenant as the admin API and the audit log show it. */
record Tenant(
        @JsonProperty("tenant_id") UUID tenantId,
        String name,
        TenantState state,
        @JsonUnwrapped TenantSettings settings,
        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("update_time") Instant updateTime) {

    String path() {
        return "tenants/" + tenantId;
    }
}
