package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Creates and changes the projects of tenants. Changes of a tenant's projects and keys wait for one another at its row. */
@Service
class TenantProjects {

    private final TenantRows tenants;
    private final ProjectRows projects;
    private final KeyCache cache;
    private final AuditLog audit;

    TenantProjects(TenantRows tenants, ProjectRows projects, KeyCache cache, AuditLog audit) {
        this.tenants = tenants;
        this.projects = projects;
        this.cache = cache;
        this.audit = audit;
    }

    @Transactional
    public Project create(UUID tenantId, @Nullable String name, Operator operator) {
        Project project = ProjectDecision.create(lock(tenantId), Tenants.newId(), name, tenants.now());
        refuseTaken(project);
        save(new ProjectRow(project));
        audit.append(operator, "project.create", project.path(), null, project);
        return project;
    }

    @Transactional
    public Project rename(UUID tenantId, UUID projectId, @Nullable String name, Operator operator) {
        Tenant tenant = lock(tenantId);
        ProjectRow row = row(tenantId, projectId);
        Project after = ProjectDecision.rename(tenant, row.project(), name, tenants.now());
        refuseTaken(after);
        return apply(row, after, "project.update", operator);
    }

    @Transactional
    public Project delete(UUID tenantId, UUID projectId, Operator operator) {
        lock(tenantId);
        ProjectRow row = row(tenantId, projectId);
        return apply(row, ProjectDecision.delete(row.project(), tenants.now()), "project.delete", operator);
    }

    @Transactional(readOnly = true)
    public Project get(UUID tenantId, UUID projectId) {
        return row(tenantId, projectId).project();
    }

    @Transactional(readOnly = true)
    public PageQuery.Page<Project> list(UUID tenantId, boolean showDeleted, PageQuery query) {
        if (!tenants.existsById(tenantId)) {
            throw Tenants.notFound(tenantId);
        }
        UUID after = Objects.requireNonNullElse(query.afterId(), Tenants.BEFORE_ALL);
        return query.page(
                projects.list(tenantId, after, showDeleted, Limit.of(query.rowsToRead())).stream()
                        .map(ProjectRow::project)
                        .toList(),
                project -> project.projectId().toString());
    }

    static SeedbedException notFound(UUID projectId) {
        return new SeedbedException(ErrorCode.NOT_FOUND, "project not found: " + projectId);
    }

    private Tenant lock(UUID tenantId) {
        return tenants.lock(tenantId)
                .orElseThrow(() -> Tenants.notFound(tenantId))
                .tenant();
    }

    private ProjectRow row(UUID tenantId, UUID projectId) {
        return projects.findByTenantIdAndProjectId(tenantId, projectId).orElseThrow(() -> notFound(projectId));
    }

    private Project apply(ProjectRow row, Project after, String action, Operator operator) {
        Project before = row.project();
        if (after.equals(before)) {
            return before;
        }
        row.apply(after);
        save(row);
        cache.forgetAfterCommit(KeyChange.project(after.projectId()));
        audit.append(operator, action, before.path(), before, after);
        return after;
    }

    private void refuseTaken(Project wanted) {
        projects.findLiveByName(wanted.tenantId(), wanted.name())
                .map(ProjectRow::project)
                .filter(taken -> !taken.projectId().equals(wanted.projectId()))
                .ifPresent(taken -> {
                    throw new SeedbedException(
                                    ErrorCode.ALREADY_EXISTS, "project name is taken: " + wanted.name(), "name", null)
                            .with(Map.of("existingId", taken.projectId().toString()));
                });
    }

    private void save(ProjectRow row) {
        try {
            projects.saveAndFlush(row);
        } catch (DataIntegrityViolationException e) {
            // Lower case in the database and here may differ: the unique index decides.
            throw new SeedbedException(ErrorCode.ALREADY_EXISTS, "project name is taken", "name", e);
        }
    }
}
