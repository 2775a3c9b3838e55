package dev.seedbed.controlplane.tenant;

import java.util.Collection;
import java.util.Map;
import java.util.Set;

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

    /** Of the projects those that are the tenant's and not deleted. */
    Set<ProjectId> liveProjects(TenantId tenantId, Collection<ProjectId> projectIds);

    /** Of the keys those that are the tenant's and not revoked, with their projects. */
    Map<ApiKeyId, ProjectId> liveKeys(TenantId tenantId, Collection<ApiKeyId> apiKeyIds);
}
