package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a command makes of a project: the same project if it changes nothing. Pure: nothing is read or written. */
final class ProjectDecision {

    private static final String DEFAULT_NAME = "default";

    private ProjectDecision() {}

    /** The project that every tenant begins with. */
    static Project createDefault(UUID projectId, UUID tenantId, Instant now) {
        return new Project(projectId, tenantId, DEFAULT_NAME, ProjectState.ACTIVE, true, now, now);
    }

    static Project create(Tenant tenant, UUID projectId, @Nullable String name, Instant now) {
        requireLiving(tenant);
        String checked = DisplayName.check("name", name);
        return new Project(projectId, tenant.tenantId(), checked, ProjectState.ACTIVE, false, now, now);
    }

    static Project rename(Tenant tenant, Project before, @Nullable String name, Instant now) {
        requireLiving(tenant);
        requireLiving(before);
        return changed(before, DisplayName.check("name", name), before.state(), now);
    }

    static Project delete(Project before, Instant now) {
        if (before.isDefault()) {
            throw new SeedbedException(
                    ErrorCode.FAILED_PRECONDITION,
                    "the default project cannot be deleted: %s (it ends with its tenant)"
                            .formatted(before.projectId()));
        }
        return changed(before, before.name(), ProjectState.DELETED, now);
    }

    static void requireLiving(Project project) {
        if (project.state() == ProjectState.DELETED) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "project is deleted: " + project.projectId());
        }
    }

    private static void requireLiving(Tenant tenant) {
        if (tenant.state() == TenantState.DELETED) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "tenant is deleted: " + tenant.tenantId());
        }
    }

    private static Project changed(Project before, String name, ProjectState state, Instant now) {
        boolean same = before.name().equals(name) && before.state() == state;
        return same
                ? before
                : new Project(
                        before.projectId(),
                        before.tenantId(),
                        name,
                        state,
                        before.isDefault(),
                        before.createTime(),
                        now);
    }
}
