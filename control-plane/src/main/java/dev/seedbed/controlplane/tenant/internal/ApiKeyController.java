package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.Operator;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/tenants/{tenant_id}/api_keys")
@Tag(name = "API keys", description = "What a tenant's programs authenticate with. Several may live at once.")
class ApiKeyController {

    private final TenantKeys keys;

    ApiKeyController(TenantKeys keys) {
        this.keys = keys;
    }

    @PostMapping
    @Operation(
            operationId = "createApiKey",
            summary = "Creates a key and shows it, this once",
            description = "Only an HMAC of the key is stored; a key that got lost is replaced, not recovered.")
    ResponseEntity<CreatedApiKey> create(
            @PathVariable("tenant_id") UUID tenantId, @RequestBody ApiKeyFields fields, Operator operator) {
        TenantKeys.Created created =
                keys.create(tenantId, fields.environment(), fields.name(), fields.expireTime(), operator);
        return ResponseEntity.created(URI.create("/admin/v1/" + created.key().path()))
                .body(new CreatedApiKey(created.key(), created.text().reveal()));
    }

    @GetMapping
    @Operation(operationId = "listApiKeys", summary = "Lists a tenant's keys, also expired and revoked ones")
    ApiKeyList list(
            @PathVariable("tenant_id") UUID tenantId,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        PageQuery.Page<ApiKey> page = keys.list(tenantId, PageQuery.of(pageSize, pageToken));
        return new ApiKeyList(page.items(), page.nextPageToken());
    }

    @GetMapping("/{public_id}")
    @Operation(operationId = "getApiKey", summary = "Shows a key without its secret")
    ApiKey get(@PathVariable("tenant_id") UUID tenantId, @PathVariable("public_id") String publicId) {
        return keys.get(tenantId, publicId);
    }

    @PostMapping("/{public_id}:revoke")
    @Operation(
            operationId = "revokeApiKey",
            summary = "Refuses a key from now on, for good; running generations finish")
    ApiKey revoke(
            @PathVariable("tenant_id") UUID tenantId, @PathVariable("public_id") String publicId, Operator operator) {
        return keys.revoke(tenantId, publicId, operator);
    }

    record ApiKeyFields(
            @Schema(
                    description = "What the key is for, 1 to 100 characters",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            String name,

            @Schema(
                    type = "string",
                    allowableValues = {"live", "test", "demo"},
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            KeyEnvironment environment,

            @JsonProperty("expire_time")
            @Schema(description = "Refused from this moment on; absent: never expires")
            @Nullable
            Instant expireTime) {}

    record CreatedApiKey(
            @JsonUnwrapped ApiKey apiKey,

            @Schema(description = "The key itself, never shown again", example = "sb-live-<public_id>-<secret>")
            String key) {

        @Override
        public String toString() {
            return "CreatedApiKey[" + apiKey.publicId() + "]";
        }
    }

    record ApiKeyList(
            @JsonProperty("api_keys") List<ApiKey> apiKeys,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}
}
