package dev.seedbed.controlplane.tenant.internal;

import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface ProjectRows extends Repository<ProjectRow, UUID> {

    ProjectRow saveAndFlush(ProjectRow row);

    /** Every tenant has one. */
    @Query("from ProjectRow p where p.tenantId = :tenantId and p.isDefault")
    ProjectRow defaultOf(UUID tenantId);

    boolean existsByTenantIdAndProjectId(UUID tenantId, UUID projectId);
}
