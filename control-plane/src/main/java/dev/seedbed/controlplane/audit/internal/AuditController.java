package dev.seedbed.controlplane.audit.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.admin.PageQuery;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/audit_entries")
@Tag(name = "Audit", description = "Who changed what. Entries are written with the change and never altered.")
class AuditController {

    private final AuditEntries entries;

    AuditController(AuditEntries entries) {
        this.entries = entries;
    }

    @GetMapping
    @Operation(operationId = "listAuditEntries", summary = "Lists audit entries, newest first")
    AuditEntryList list(
            @Parameter(
                            description =
                                    "Path of a resource, for example tenants/<tenant_id>: its entries and those of what is below it")
                    @RequestParam(name = "resource", required = false)
                    @Nullable
                    String resource,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        PageQuery.Page<AuditEntry> page = entries.list(resource, PageQuery.of(pageSize, pageToken));
        return new AuditEntryList(page.items(), page.nextPageToken());
    }

    record AuditEntryList(
            @JsonProperty("audit_entries") List<AuditEntry> auditEntries,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}
}
