package dev.seedbed.controlplane.tenant.internal;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface ProjectRows extends Repository<ProjectRow, UUID> {

    ProjectRow saveAndFlush(ProjectRow row);

    /** Every tenant has one. */
    @Query("from ProjectRow p where p.tenantId = :tenantId and p.isDefault")
    ProjectRow defaultOf(UUID tenantId);

    boolean existsByTenantIdAndProjectId(UUID tenantId, UUID projectId);

    Optional<ProjectRow> findByTenantIdAndProjectId(UUID tenantId, UUID projectId);

    @Query("from ProjectRow p where p.tenantId = :tenantId and lower(p.name) = lower(:name) and p.state <> DELETED")
    Optional<ProjectRow> findLiveByName(UUID tenantId, String name);

    @Query("from ProjectRow p where p.tenantId = :tenantId and p.projectId > :after"
            + " and (p.state <> DELETED or :showDeleted = true) order by p.projectId")
    List<ProjectRow> list(UUID tenantId, UUID after, boolean showDeleted, Limit limit);

    /** Of the projects those that are the tenant's and not deleted. */
    @Query(
            "select p.projectId from ProjectRow p where p.tenantId = :tenantId and p.projectId in :projectIds and p.state <> DELETED")
    List<UUID> findLive(UUID tenantId, Collection<UUID> projectIds);
}
