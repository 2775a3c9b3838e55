package dev.seedbed.controlplane.tenant;

/** Which tenants there are, for features that keep something of them. */
public interface TenantDirectory {
    /**
     * Returns if the tenant exists, deleted or not.
     *
     * @throws dev.seedbed.controlplane.wire.SeedbedException NOT_FOUND
     */
    void require(TenantId tenantId);

    /** Whether a project, deleted or not, is the tenant's. */
    boolean ownsProject(TenantId tenantId, ProjectId projectId);

    /** Whether a key, revoked or not, is the tenant's. */
    boolean ownsKey(TenantId tenantId, ApiKeyId apiKeyId);
}
