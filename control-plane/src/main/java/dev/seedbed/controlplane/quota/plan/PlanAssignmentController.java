package dev.seedbed.controlplane.quota.plan;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.internal.Owned;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping({Owned.TENANT, Owned.PROJECT, Owned.KEY})
@Tag(name = "Plans")
class PlanAssignmentController {

    private final PlanAssignments assignments;

    PlanAssignmentController(PlanAssignments assignments) {
        this.assignments = assignments;
    }

    @GetMapping("/plan")
    @Operation(operationId = "get{Owner}Plan", summary = "Shows which plan a {owner} has")
    AssignedPlan get(Owned owned) {
        return new AssignedPlan(assignments.get(owned).name());
    }

    @PutMapping("/plan")
    @Operation(
            operationId = "assign{Owner}Plan",
            summary = "Gives a {owner} a plan, effective from the next admission on",
            description = "Its own limits win over the plan's. What was used in open windows stays.")
    AssignedPlan assign(Owned owned, @RequestBody AssignedPlan plan, Operator operator) {
        return new AssignedPlan(assignments.assign(owned, plan.name(), operator).name());
    }

    record AssignedPlan(
            @JsonProperty(value = "name", required = true)
            @Schema(description = "null: no plan", nullable = true)
            @Nullable
            String name) {}
}
