package dev.seedbed.controlplane.usage.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.admin.PageQuery;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/rejections")
@Tag(name = "Usage", description = "What was done and for whom, from the ledger.")
class RejectionController {

    private final RejectionSql rejections;

    RejectionController(RejectionSql rejections) {
        this.rejections = rejections;
    }

    @GetMapping
    @Operation(
            operationId = "listRejections",
            summary = "Lists a sample of the requests that were refused, newest first",
            description = "At most a few a second are kept; the counter seedbed.rejections counts all.")
    RejectionList list(
            @RequestParam(name = "tenant_id", required = false) @Nullable UUID tenantId,
            @RequestParam(name = "request_id", required = false) @Nullable UUID requestId,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        var query = PageQuery.of(pageSize, pageToken);
        var page = query.page(
                rejections.list(tenantId, requestId, query.below(), query.rowsToRead()),
                row -> Long.toString(row.id()));
        return new RejectionList(page.items().stream().map(RejectionView::of).toList(), page.nextPageToken());
    }

    record RejectionList(
            List<RejectionView> rejections,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}

    @Schema(name = "Rejection")
    record RejectionView(
            @JsonProperty("request_id") UUID requestId,

            @JsonProperty("tenant_id") @Schema(description = "null: the caller is not known", nullable = true) @Nullable
            UUID tenantId,

            @JsonProperty("project_id") @Schema(nullable = true) @Nullable
            UUID projectId,

            @JsonProperty("api_key_id") @Schema(nullable = true) @Nullable
            String apiKeyId,

            String endpoint,
            String code,

            @Schema(description = "The field at fault", nullable = true) @Nullable
            String param,

            String message,
            @JsonProperty("create_time") Instant createTime) {

        static RejectionView of(RejectionSql.Stored stored) {
            var rejection = stored.rejection();
            return new RejectionView(
                    rejection.requestId().value(),
                    rejection.tenantId(),
                    rejection.projectId(),
                    rejection.apiKeyId(),
                    rejection.endpoint(),
                    rejection.code(),
                    rejection.param(),
                    rejection.message(),
                    stored.createTime());
        }
    }
}
