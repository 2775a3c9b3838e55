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
@RequestMapping("/admin/v1/tenants")
@Tag(name = "Tenants", description = "Who generates and pays.")
class TenantController {

    private final Tenants tenants;

    TenantController(Tenants tenants) {
        this.tenants = tenants;
    }

    @PostMapping
    @Operation(
            operationId = "createTenant",
            summary = "Creates an active tenant",
            description =
                    "409 `already_exists` carries `existingId`, so that a repeated call can go on with the tenant that is there.")
    ResponseEntity<Tenant> create(@RequestBody TenantFields fields, Operator operator) {
        Tenant created = tenants.create(fields.name(), operator);
        return Created.at(created.path(), created);
    }

    @GetMapping
    @Operation(operationId = "listTenants", summary = "Lists tenants in the order of their creation")
    TenantList list(
            @Parameter(description = "Also the deleted ones")
                    @RequestParam(name = "show_deleted", defaultValue = "false")
                    boolean showDeleted,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        PageQuery.Page<Tenant> page = tenants.list(showDeleted, PageQuery.of(pageSize, pageToken));
        return new TenantList(page.items(), page.nextPageToken());
    }

    @GetMapping("/{tenant_id}")
    @Operation(operationId = "getTenant", summary = "Shows a tenant, also a deleted one")
    Tenant get(@PathVariable("tenant_id") UUID tenantId) {
        return tenants.get(tenantId);
    }

    @PatchMapping("/{tenant_id}")
    @Operation(
            operationId = "updateTenant",
            summary = "Renames a tenant or changes its settings; what is absent stays as it is")
    Tenant update(@PathVariable("tenant_id") UUID tenantId, @RequestBody TenantChange change, Operator operator) {
        return tenants.change(
                tenantId,
                new TenantCommand.Update(
                        change.name(), change.weight(), change.priority(), change.answerRetentionHours()),
                operator);
    }

    @PostMapping("/{tenant_id}:suspend")
    @Operation(
            operationId = "suspendTenant",
            summary = "Refuses the tenant's keys from now on; running generations finish")
    Tenant suspend(@PathVariable("tenant_id") UUID tenantId, Operator operator) {
        return tenants.change(tenantId, new TenantCommand.Suspend(), operator);
    }

    @PostMapping("/{tenant_id}:activate")
    @Operation(operationId = "activateTenant", summary = "Accepts a suspended tenant's keys again")
    Tenant activate(@PathVariable("tenant_id") UUID tenantId, Operator operator) {
        return tenants.change(tenantId, new TenantCommand.Activate(), operator);
    }

    @DeleteMapping("/{tenant_id}")
    @Operation(
            operationId = "deleteTenant",
            summary = "Deletes a tenant for good; its record and its ledger stay readable")
    Tenant delete(@PathVariable("tenant_id") UUID tenantId, Operator operator) {
        return tenants.change(tenantId, new TenantCommand.Delete(), operator);
    }

    record TenantFields(
            @Schema(
                    description = "1 to 100 characters, unique among tenants that are not deleted, whatever its case",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            String name) {}

    record TenantChange(
            @Schema(description = "1 to 100 characters, unique among tenants that are not deleted, whatever its case")
            @Nullable
            String name,

            @Schema(description = "Share of the engine under saturation, relative to other tenants: 1 to 1000")
            @Nullable
            Integer weight,

            @Schema(description = "Larger first where requests wait: 0 to 9") @Nullable
            Integer priority,

            @JsonProperty("answer_retention_hours")
            @Schema(
                    description =
                            "How long answers are kept for replay: 0 to 24; 0: nothing of an answer is ever stored")
            @Nullable
            Integer answerRetentionHours) {}

    record TenantList(
            List<Tenant> tenants,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}
}
