package dev.seedbed.controlplane.usage.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.quota.Reservations;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.LedgerCheck;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1")
@Tag(name = "Usage", description = "What was done and for whom, from the ledger.")
class UsageController {

    private final TenantDirectory tenants;
    private final TenantUsageSql usage;
    private final GenerationRecords generations;
    private final UsageLedger ledger;
    private final Reservations reservations;
    private final LedgerCheck check;

    UsageController(
            TenantDirectory tenants,
            TenantUsageSql usage,
            GenerationRecords generations,
            UsageLedger ledger,
            Reservations reservations,
            LedgerCheck check) {
        this.check = check;
        this.tenants = tenants;
        this.usage = usage;
        this.generations = generations;
        this.ledger = ledger;
        this.reservations = reservations;
    }

    @GetMapping("/tenants/{tenant_id}/usage")
    @Operation(operationId = "getUsage", summary = "Sums what the ledger posted to a tenant")
    TenantUsage usage(
            @PathVariable("tenant_id") UUID tenantId,
            @Parameter(description = "First moment that counts; absent: since ever")
                    @RequestParam(name = "start_time", required = false)
                    @Nullable
                    Instant startTime,
            @Parameter(description = "First moment that does not count any more; absent: until now")
                    @RequestParam(name = "end_time", required = false)
                    @Nullable
                    Instant endTime) {
        var tenant = new TenantId(tenantId);
        tenants.require(tenant);
        Map<Unit, Long> posted = usage.posted(tenant, startTime, endTime);
        return new TenantUsage(
                tenantId,
                startTime,
                endTime,
                Arrays.stream(Unit.values())
                        .filter(Unit::isPosted)
                        .map(unit -> new UnitUsage(unit, posted.getOrDefault(unit, 0L)))
                        .toList());
    }

    @GetMapping("/generations/{request_id}")
    @Operation(
            operationId = "getGeneration",
            summary = "Shows an admitted generation whole: limits, reservation and ledger entries, never its text")
    GenerationView generation(@PathVariable("request_id") UUID requestId) {
        var id = new RequestId(requestId);
        return generations
                .find(id)
                .map(generation ->
                        GenerationView.of(generation, reservations.find(id).orElse(null), ledger.entriesOf(id)))
                .orElseThrow(() -> new SeedbedException(
                        ErrorCode.NOT_FOUND, "no admitted generation has this request id: " + requestId));
    }

    @PostMapping("/ledger:verify")
    @Operation(
            operationId = "verifyLedger",
            summary = "Recomputes ledger, reservations, budgets and records from one another",
            description = "Reads all of them in one snapshot; an empty list of differences is the proof.")
    LedgerReport verify() {
        return LedgerReport.of(check.verify());
    }

    record LedgerReport(
            long requests,
            long entries,

            @JsonProperty("difference_count") long differenceCount,

            @Schema(description = "At most 20 of each kind") List<LedgerCheck.Difference> differences) {

        static LedgerReport of(LedgerCheck.Report report) {
            return new LedgerReport(
                    report.requests(), report.entries(), report.differenceCount(), report.differences());
        }
    }

    record TenantUsage(
            @JsonProperty("tenant_id") UUID tenantId,
            @JsonProperty("start_time") @Nullable Instant startTime,
            @JsonProperty("end_time") @Nullable Instant endTime,
            List<UnitUsage> usage) {}

    record UnitUsage(
            Unit unit, @Schema(description = "In the unit") long amount) {}
}
