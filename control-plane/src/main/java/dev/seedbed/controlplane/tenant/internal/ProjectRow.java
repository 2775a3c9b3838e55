package dev.seedbed.controlplane.tenant.internal;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

@Entity
@Table(name = "project")
class ProjectRow {

    @Id
    private UUID projectId;

    private UUID tenantId;
    private String name;

    @Enumerated(EnumType.STRING)
    private ProjectState state;

    private boolean isDefault;
    private Instant createTime;
    private Instant updateTime;

    @Version
    private @Nullable Long revision;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ProjectRow() {}

    ProjectRow(Project project) {
        this.projectId = project.projectId();
        this.tenantId = project.tenantId();
        this.name = project.name();
        this.state = project.state();
        this.isDefault = project.isDefault();
        this.createTime = project.createTime();
        this.updateTime = project.updateTime();
    }

    Project project() {
        return new Project(projectId, tenantId, name, state, isDefault, createTime, updateTime);
    }

    void apply(Project after) {
        name = after.name();
        state = after.state();
        updateTime = after.updateTime();
    }
}
