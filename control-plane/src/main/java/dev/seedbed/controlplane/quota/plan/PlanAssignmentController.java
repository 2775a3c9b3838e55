package dev.seedbed.controlplane.quota.plan;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.internal.Owned;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/tenants/{tenant_id}")
@Tag(name = "Plans")
class PlanAssignmentController {

    private final PlanAssignments assignments;

    PlanAssignmentController(PlanAssignments assignments) {
        this.assignments = assignments;
    }

    @GetMapping("/plan")
    @Operation(operationId = "getTenantPlan", summary = "Shows which plan a tenant has")
    AssignedPlan get(@PathVariable("tenant_id") UUID tenant) {
        return get(Owned.tenant(tenant));
    }

    @GetMapping("/projects/{project_id}/plan")
    @Operation(operationId = "getProjectPlan", summary = "Shows which plan a project has")
    AssignedPlan get(@PathVariable("tenant_id") UUID tenant, @PathVariable("project_id") UUID project) {
        return get(Owned.project(tenant, project));
    }

    @GetMapping("/api_keys/{public_id}/plan")
    @Operation(operationId = "getApiKeyPlan", summary = "Shows which plan a key has")
    AssignedPlan get(@PathVariable("tenant_id") UUID tenant, @PathVariable("public_id") String publicId) {
        return get(Owned.key(tenant, publicId));
    }

    private AssignedPlan get(Owned owned) {
        return new AssignedPlan(assignments.get(owned).name());
    }

    @PutMapping("/plan")
    @Operation(
            operationId = "assignTenantPlan",
            summary = "Gives a tenant a plan, effective from the next admission on",
            description = "The tenant's own limits win over the plan's. What was used in open windows stays.")
    AssignedPlan assign(@PathVariable("tenant_id") UUID tenant, @RequestBody AssignedPlan plan, Operator operator) {
        return assign(Owned.tenant(tenant), plan, operator);
    }

    @PutMapping("/projects/{project_id}/plan")
    @Operation(operationId = "assignProjectPlan", summary = "Gives a project a plan")
    AssignedPlan assign(
            @PathVariable("tenant_id") UUID tenant,
            @PathVariable("project_id") UUID project,
            @RequestBody AssignedPlan plan,
            Operator operator) {
        return assign(Owned.project(tenant, project), plan, operator);
    }

    @PutMapping("/api_keys/{public_id}/plan")
    @Operation(operationId = "assignApiKeyPlan", summary = "Gives a key a plan")
    AssignedPlan assign(
            @PathVariable("tenant_id") UUID tenant,
            @PathVariable("public_id") String publicId,
            @RequestBody AssignedPlan plan,
            Operator operator) {
        return assign(Owned.key(tenant, publicId), plan, operator);
    }

    private AssignedPlan assign(Owned owned, AssignedPlan plan, Operator operator) {
        return new AssignedPlan(assignments.assign(owned, plan.name(), operator).name());
    }

    record AssignedPlan(
            @JsonProperty(value = "name", required = true)
            @Schema(description = "null: no plan", nullable = true)
            @Nullable
            String name) {}
}
