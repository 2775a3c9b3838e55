package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.UUID;

/** A tenant, or one of its projects or keys, as the admin API's paths name it. */
public record Owned(TenantId tenantId, Subject subject) {

    public static Owned tenant(UUID tenant) {
        return new Owned(new TenantId(tenant), Subject.of(new TenantId(tenant)));
    }

    public static Owned project(UUID tenant, UUID project) {
        return new Owned(new TenantId(tenant), Subject.of(new ProjectId(project)));
    }

    public static Owned key(UUID tenant, String publicId) {
        return new Owned(new TenantId(tenant), Subject.of(new ApiKeyId(publicId)));
    }

    /** Below {@code /admin/v1}. */
    public String path() {
        return switch (subject.kind()) {
            case TENANT -> "tenants/" + tenantId;
            case PROJECT -> "tenants/" + tenantId + "/projects/" + subject.id();
            case KEY -> "tenants/" + tenantId + "/api_keys/" + subject.id();
        };
    }
}
