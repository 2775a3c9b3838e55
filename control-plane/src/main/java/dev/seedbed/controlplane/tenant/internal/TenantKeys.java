package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Creates, changes, rotates and revokes the keys of tenants. */
@Service
class TenantKeys {

    private final TenantRows tenants;
    private final ProjectRows projects;
    private final ApiKeyRows keys;
    private final ApiKeyHmac hmac;
    private final KeyCache cache;
    private final AuditLog audit;

    TenantKeys(
            TenantRows tenants,
            ProjectRows projects,
            ApiKeyRows keys,
            ApiKeyHmac hmac,
            KeyCache cache,
            AuditLog audit) {
        this.tenants = tenants;
        this.projects = projects;
        this.keys = keys;
        this.hmac = hmac;
        this.cache = cache;
        this.audit = audit;
    }

    /** A key with a new secret; the only moment at which its text exists here. */
    record Shown(ApiKey key, ApiKeyText text) {}

    /** @param projectId null: the default project */
    @Transactional
    public Shown create(
            UUID tenantId,
            @Nullable UUID projectId,
            @Nullable KeyEnvironment environment,
            Function<Instant, KeySettings> settings,
            Operator operator) {
        Tenant tenant = tenants.lock(tenantId)
                .orElseThrow(() -> Tenants.notFound(tenantId))
                .tenant();
        Project project = project(tenantId, projectId);
        Instant now = tenants.now();
        ApiKeyText text = ApiKeyText.generate(Objects.requireNonNullElse(environment, KeyEnvironment.LIVE));
        ApiKey key = ApiKeyDecision.create(tenant, project, text.id(), environment, settings.apply(now), now);
        keys.saveAndFlush(new ApiKeyRow(key, hmac.of(text)));
        audit.append(operator, "api_key.create", key.path(), null, key);
        return new Shown(key, text);
    }

    @Transactional
    public ApiKey update(UUID tenantId, String publicId, ApiKeyChange change, Operator operator) {
        ApiKeyRow row = lock(tenantId, publicId);
        return apply(row, ApiKeyDecision.update(row.apiKey(), change, tenants.now()), "api_key.update", operator);
    }

    /** @param overlapSeconds how long the secret before stays good; null: the default */
    @Transactional
    public Shown rotate(UUID tenantId, String publicId, @Nullable Long overlapSeconds, Operator operator) {
        ApiKeyRow row = lock(tenantId, publicId);
        ApiKey before = row.apiKey();
        ApiKey after = ApiKeyDecision.rotate(before, overlapSeconds, tenants.now());
        ApiKeyText text = ApiKeyText.generate(after.environment(), new ApiKeyId(publicId));
        row.rotate(after, hmac.of(text));
        write(row, before, after, "api_key.rotate", operator);
        return new Shown(after, text);
    }

    @Transactional
    public ApiKey revoke(UUID tenantId, String publicId, Operator operator) {
        ApiKeyRow row = lock(tenantId, publicId);
        return apply(row, ApiKeyDecision.revoke(row.apiKey(), tenants.now()), "api_key.revoke", operator);
    }

    @Transactional
    public ApiKey delete(UUID tenantId, String publicId, Operator operator) {
        ApiKeyRow row = lock(tenantId, publicId);
        return apply(row, ApiKeyDecision.delete(row.apiKey(), tenants.now()), "api_key.delete", operator);
    }

    @Transactional(readOnly = true)
    public ApiKey get(UUID tenantId, String publicId) {
        return keys.findByTenantIdAndPublicId(tenantId, publicId)
                .orElseThrow(() -> notFound(publicId))
                .apiKey();
    }

    @Transactional(readOnly = true)
    public PageQuery.Page<ApiKey> list(UUID tenantId, boolean showDeleted, PageQuery query) {
        if (!tenants.existsById(tenantId)) {
            throw Tenants.notFound(tenantId);
        }
        String after = Objects.requireNonNullElse(query.after(), "");
        return query.page(
                keys.list(tenantId, after, showDeleted, Limit.of(query.rowsToRead())).stream()
                        .map(ApiKeyRow::apiKey)
                        .toList(),
                ApiKey::publicId);
    }

    private Project project(UUID tenantId, @Nullable UUID projectId) {
        ProjectRow row = projectId == null
                ? projects.defaultOf(tenantId)
                : projects.findByTenantIdAndProjectId(tenantId, projectId)
                        .orElseThrow(() -> SeedbedException.invalid(
                                "project_id", "project_id is none of the tenant's projects: " + projectId));
        return row.project();
    }

    private ApiKeyRow lock(UUID tenantId, String publicId) {
        return keys.lock(tenantId, publicId).orElseThrow(() -> notFound(publicId));
    }

    private ApiKey apply(ApiKeyRow row, ApiKey after, String action, Operator operator) {
        ApiKey before = row.apiKey();
        if (!after.equals(before)) {
            row.apply(after);
            write(row, before, after, action, operator);
        }
        return after;
    }

    private void write(ApiKeyRow row, ApiKey before, ApiKey after, String action, Operator operator) {
        keys.saveAndFlush(row);
        cache.forgetAfterCommit(KeyChange.key(before.publicId()));
        audit.append(operator, action, before.path(), before, after);
    }

    private static SeedbedException notFound(String publicId) {
        // A key pasted here by mistake must not come back in an answer or a log.
        String shown = publicId.length() <= 20 ? publicId : "(" + publicId.length() + " characters)";
        return new SeedbedException(ErrorCode.NOT_FOUND, "API key not found: " + shown);
    }
}
