package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.UUID;

/** A tenant, or one of its projects or keys, as the admin API's paths name it; controllers get it as a parameter. */
public record Owned(TenantId tenantId, Subject subject) {

    /** Path of a tenant. */
    public static final String TENANT = "/admin/v1/tenants/{tenant_id}";

    /** Path of a project. */
    public static final String PROJECT = TENANT + "/projects/{project_id}";

    /** Path of a key. */
    public static final String KEY = TENANT + "/api_keys/{public_id}";

    static Owned tenant(UUID tenant) {
        return new Owned(new TenantId(tenant), Subject.of(new TenantId(tenant)));
    }

    static Owned project(UUID tenant, UUID project) {
        return new Owned(new TenantId(tenant), Subject.of(new ProjectId(project)));
    }

    static Owned key(UUID tenant, String publicId) {
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
