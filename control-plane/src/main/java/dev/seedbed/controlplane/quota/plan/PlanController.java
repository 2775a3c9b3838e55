package dev.seedbed.controlplane.quota.plan;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import dev.seedbed.controlplane.admin.Created;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.plan.PlanAdministration.Content;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/plans")
@Tag(name = "Plans", description = "Named sets of limits and bounds, for many tenants, projects and keys at once.")
class PlanController {

    private final PlanAdministration administration;

    PlanController(PlanAdministration administration) {
        this.administration = administration;
    }

    @PostMapping
    @Operation(operationId = "createPlan", summary = "Creates a plan that nobody has yet")
    ResponseEntity<PlanFacts> create(@RequestBody PlanFields fields, Operator operator) {
        var created = administration.create(fields.name(), new Content(fields.limits(), fields.bounds()), operator);
        return Created.at(created.path(), created);
    }

    @GetMapping
    @Operation(operationId = "listPlans", summary = "Lists all plans by name")
    PlanList list() {
        return new PlanList(administration.list());
    }

    @GetMapping("/{name}")
    @Operation(operationId = "getPlan", summary = "Shows a plan")
    PlanFacts get(@PathVariable("name") String name) {
        return administration.get(name);
    }

    @PatchMapping("/{name}")
    @Operation(
            operationId = "updatePlan",
            summary = "Changes a plan for all who have it, effective from the next admission on",
            description = "What was used stays: a limit below it refuses new requests and cuts nothing.")
    PlanFacts update(@PathVariable("name") String name, @RequestBody PlanChange change, Operator operator) {
        return administration.update(name, new Content(change.limits(), change.bounds()), operator);
    }

    @DeleteMapping("/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "deletePlan", summary = "Deletes a plan that nobody has")
    void delete(@PathVariable("name") String name, Operator operator) {
        administration.delete(name, operator);
    }

    record PlanFields(
            @Schema(
                    description = "1 to 63 of a-z, 0-9, '.', '_', '-'; unique",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            String name,

            @Schema(description = "Absent: none") @JsonSetter(contentNulls = Nulls.FAIL) @Nullable
            List<PlanLimit> limits,

            @Schema(description = "By what they bound, as those of a tenant; absent: none") @Nullable
            Map<String, @Nullable Bound> bounds) {}

    record PlanChange(
            @Schema(description = "Instead of all that it had; absent: they stay")
            @JsonSetter(contentNulls = Nulls.FAIL)
            @Nullable
            List<PlanLimit> limits,

            @Schema(description = "Instead of all that it had; absent: they stay") @Nullable
            Map<String, @Nullable Bound> bounds) {}

    record PlanList(List<PlanFacts> plans) {}
}
