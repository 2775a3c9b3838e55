package dev.seedbed.controlplane.quota.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.tenant.TenantId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.UUID;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/tenants/{tenant_id}/time_zone")
@Tag(name = "Limits")
class TimeZoneController {

    private final TimeZoneAdministration administration;

    TimeZoneController(TimeZoneAdministration administration) {
        this.administration = administration;
    }

    @GetMapping
    @Operation(operationId = "getTimeZone", summary = "Shows where a tenant's days and months begin at midnight")
    TimeZone get(@PathVariable("tenant_id") UUID tenant) {
        return new TimeZone(administration.get(new TenantId(tenant)).getId());
    }

    @PutMapping
    @Operation(
            operationId = "setTimeZone",
            summary = "Sets where the days and months of a tenant, its projects and its keys begin at midnight",
            description =
                    "A day or month that is open keeps what was used and its date: it ends where that date ends in the new"
                            + " zone, at once if it has ended there.")
    TimeZone set(@PathVariable("tenant_id") UUID tenant, @RequestBody TimeZone zone, Operator operator) {
        return new TimeZone(administration
                .set(new TenantId(tenant), zone.timeZone(), operator)
                .getId());
    }

    record TimeZone(
            @JsonProperty(value = "time_zone", required = true)
            @Schema(description = "IANA name, for example Europe/Berlin", example = "Europe/Berlin")
            String timeZone) {}
}
