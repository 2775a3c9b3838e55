package dev.seedbed.controlplane.quota.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/tenants/{tenant_id}/limits")
@Tag(name = "Limits", description = "What a tenant may use over its whole life, per unit.")
class LimitController {

    private final LimitAdministration administration;

    LimitController(LimitAdministration administration) {
        this.administration = administration;
    }

    @GetMapping
    @Operation(operationId = "listLimits", summary = "Lists limit, posted and reserved amount of each unit")
    LimitList list(@PathVariable("tenant_id") UUID tenantId) {
        return new LimitList(administration.list(new TenantId(tenantId)).stream()
                .map(LimitView::of)
                .toList());
    }

    @PutMapping("/{unit}")
    @Operation(
            operationId = "setLimit",
            summary = "Sets a limit, effective from the next admission on",
            description = "A limit below what was used refuses new requests and cuts nothing.")
    LimitView set(
            @PathVariable("tenant_id") UUID tenantId,
            @PathVariable("unit") Unit unit,
            @RequestBody LimitFields fields,
            Operator operator) {
        return LimitView.of(administration.set(new TenantId(tenantId), unit, fields.limit(), operator));
    }

    record LimitFields(
            @JsonProperty(value = "limit", required = true)
            @Schema(description = "Amount in the unit, >= 0; null: counted, not limited", nullable = true)
            @Nullable
            Long limit) {}

    @Schema(name = "Limit")
    record LimitView(
            Unit unit,

            @Schema(description = "Amount in the unit; null: counted, not limited", nullable = true) @Nullable
            Long limit,

            @Schema(description = "What the ledger holds") long posted,

            @Schema(description = "What requests in flight hold beyond what they have posted")
            long reserved) {

        static LimitView of(Budget budget) {
            return new LimitView(budget.unit(), budget.limit(), budget.posted(), budget.reserved());
        }
    }

    record LimitList(List<LimitView> limits) {}
}
