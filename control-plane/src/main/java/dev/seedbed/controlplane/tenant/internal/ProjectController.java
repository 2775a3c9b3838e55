package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.admin.Created;
import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.Operator;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/tenants/{tenant_id}/projects")
@Tag(name = "Projects", description = "Parts of a tenant: keys belong to one, limits may.")
class ProjectController {

    private final TenantProjects projects;

    ProjectController(TenantProjects projects) {
        this.projects = projects;
    }

    @PostMapping
    @Operation(operationId = "createProject", summary = "Creates a project beside the tenant's default one")
    ResponseEntity<Project> create(
            @PathVariable("tenant_id") UUID tenantId, @RequestBody ProjectFields fields, Operator operator) {
        Project created = projects.create(tenantId, fields.name(), operator);
        return Created.at(created.path(), created);
    }

    @GetMapping
    @Operation(operationId = "listProjects", summary = "Lists a tenant's projects")
    ProjectList list(
            @PathVariable("tenant_id") UUID tenantId,
            @Parameter(description = "Also the deleted ones")
                    @RequestParam(name = "show_deleted", defaultValue = "false")
                    boolean showDeleted,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        PageQuery.Page<Project> page = projects.list(tenantId, showDeleted, PageQuery.of(pageSize, pageToken));
        return new ProjectList(page.items(), page.nextPageToken());
    }

    @GetMapping("/{project_id}")
    @Operation(operationId = "getProject", summary = "Shows a project, also a deleted one")
    Project get(@PathVariable("tenant_id") UUID tenantId, @PathVariable("project_id") UUID projectId) {
        return projects.get(tenantId, projectId);
    }

    @PatchMapping("/{project_id}")
    @Operation(operationId = "updateProject", summary = "Renames a project")
    Project rename(
            @PathVariable("tenant_id") UUID tenantId,
            @PathVariable("project_id") UUID projectId,
            @RequestBody ProjectFields fields,
            Operator operator) {
        return projects.rename(tenantId, projectId, fields.name(), operator);
    }

    @DeleteMapping("/{project_id}")
    @Operation(
            operationId = "deleteProject",
            summary = "Deletes a project for good and refuses its keys; its record and its usage stay readable",
            description = "The default project cannot be deleted.")
    Project delete(
            @PathVariable("tenant_id") UUID tenantId, @PathVariable("project_id") UUID projectId, Operator operator) {
        return projects.delete(tenantId, projectId, operator);
    }

    record ProjectFields(
            @Schema(
                    description =
                            "1 to 100 characters, unique among the tenant's projects that are not deleted, whatever its case",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            String name) {}

    record ProjectList(
            List<Project> projects,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}
}
