package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.seedbed.controlplane.admin.Created;
import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.Operator;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
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
    ResponseEntity<ShownApiKey> create(
            @PathVariable("tenant_id") UUID tenantId, @RequestBody ApiKeyFields fields, Operator operator) {
        TenantKeys.Shown created = keys.create(
                tenantId,
                fields.projectId(),
                fields.environment(),
                now -> KeySettings.create(fields.name(), fields.scopes(), fields.models(), fields.expireTime(), now),
                operator);
        return Created.at(created.key().path(), ShownApiKey.of(created));
    }

    @GetMapping
    @Operation(operationId = "listApiKeys", summary = "Lists a tenant's keys, also expired and revoked ones")
    ApiKeyList list(
            @PathVariable("tenant_id") UUID tenantId,
            @Parameter(description = "Also the deleted ones")
                    @RequestParam(name = "show_deleted", defaultValue = "false")
                    boolean showDeleted,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        PageQuery.Page<ApiKey> page = keys.list(tenantId, showDeleted, PageQuery.of(pageSize, pageToken));
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

    @PatchMapping("/{public_id}")
    @Operation(operationId = "updateApiKey", summary = "Changes a key; what is absent stays as it is")
    ApiKey update(
            @PathVariable("tenant_id") UUID tenantId,
            @PathVariable("public_id") String publicId,
            @RequestBody ApiKeyChange change,
            Operator operator) {
        return keys.update(tenantId, publicId, change, operator);
    }

    @PostMapping("/{public_id}:rotate")
    @Operation(
            operationId = "rotateApiKey",
            summary = "Gives a key a new secret and shows it, this once; the secret before stays good for a while",
            description =
                    "During that while another rotation is refused, unless `overlap_seconds` is 0, which ends every secret before at once.")
    ShownApiKey rotate(
            @PathVariable("tenant_id") UUID tenantId,
            @PathVariable("public_id") String publicId,
            @RequestBody(required = false) @Nullable RotationFields fields,
            Operator operator) {
        Long overlap = fields == null ? null : fields.overlapSeconds();
        return ShownApiKey.of(keys.rotate(tenantId, publicId, overlap, operator));
    }

    @DeleteMapping("/{public_id}")
    @Operation(
            operationId = "deleteApiKey",
            summary = "Revokes a key and hides it from lists; its record stays readable")
    ApiKey delete(
            @PathVariable("tenant_id") UUID tenantId, @PathVariable("public_id") String publicId, Operator operator) {
        return keys.delete(tenantId, publicId, operator);
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

            @JsonProperty("project_id") @Schema(description = "Absent: the tenant's default project") @Nullable
            UUID projectId,

            @Schema(
                    type = "array",
                    example = "[\"generate\", \"models.read\", \"usage.read\"]",
                    description = "What the key may be used for; absent: everything")
            @Nullable
            List<String> scopes,

            @Schema(description = "Names of the models and versions that the key may ask for; absent: all") @Nullable
            List<String> models,

            @JsonProperty("expire_time")
            @Schema(description = "Refused from this moment on; absent: never expires")
            @Nullable
            Instant expireTime) {}

    record RotationFields(
            @JsonProperty("overlap_seconds")
            @Schema(description = "How long the secret before stays good, 0 to 2592000 (30 days); absent: 86400 (24 h)")
            @Nullable
            Long overlapSeconds) {}

    record ShownApiKey(
            @JsonUnwrapped ApiKey apiKey,

            @Schema(description = "The key itself, never shown again", example = "sb-live-<public_id>-<secret>")
            String key) {

        static ShownApiKey of(TenantKeys.Shown shown) {
            return new ShownApiKey(shown.key(), shown.text().reveal());
        }

        @Override
        public String toString() {
            return "ShownApiKey[" + apiKey.publicId() + "]";
        }
    }

    record ApiKeyList(
            @JsonProperty("api_keys") List<ApiKey> apiKeys,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}
}
