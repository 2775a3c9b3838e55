package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** The directory of a database in which tenants have rows, and neither projects nor keys. */
final class NobodyStored implements TenantDirectory {

    @Override
    public void require(TenantId tenantId) {}

    @Override
    public boolean ownsProject(TenantId tenantId, ProjectId projectId) {
        return false;
    }

    @Override
    public boolean ownsKey(TenantId tenantId, ApiKeyId apiKeyId) {
        return false;
    }

    @Override
    public Set<ProjectId> liveProjects(TenantId tenantId, Collection<ProjectId> projectIds) {
        return Set.of();
    }

    @Override
    public Map<ApiKeyId, ProjectId> liveKeys(TenantId tenantId, Collection<ApiKeyId> apiKeyIds) {
        return Map.of();
    }
}
