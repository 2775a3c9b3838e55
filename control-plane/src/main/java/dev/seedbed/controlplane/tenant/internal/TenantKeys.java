package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Creates and revokes the keys of tenants. A key is rotated by creating the next one and revoking the old one later. */
@Service
class TenantKeys {

    private final TenantRows tenants;
    private final ProjectRows projects;
    private final ApiKeyRows keys;
    private final ApiKeyHmac hmac;
    private final AuditLog audit;

    TenantKeys(TenantRows tenants, ProjectRows projects, ApiKeyRows keys, ApiKeyHmac hmac, AuditLog audit) {
        this.tenants = tenants;
        this.projects = projects;
        this.keys = keys;
        this.hmac = hmac;
        this.audit = audit;
    }

    /** A new key; the only moment at which its text exists here. */
    record Created(ApiKey key, ApiKeyText text) {}

    @Transactional
    public Created create(
            UUID tenantId,
            @Nullable KeyEnvironment environment,
            @Nullable String name,
            @Nullable Instant expireTime,
            Operator operator) {
        Tenant tenant = tenants.lock(tenantId)
                .orElseThrow(() -> Tenants.notFound(tenantId))
                .tenant();
        ApiKeyText text = ApiKeyText.generate(Objects.requireNonNullElse(environment, KeyEnvironment.LIVE));
        ApiKey key = ApiKeyDecision.create(
                tenant,
                projects.defaultOf(tenantId).project().projectId(),
                text.id(),
                environment,
                name,
                expireTime,
                tenants.now());
        keys.saveAndFlush(new ApiKeyRow(key, hmac.of(text)));
        audit.append(operator, "api_key.create", key.path(), null, key);
        return new Created(key, text);
    }

    @Transactional
    public ApiKey revoke(UUID tenantId, String publicId, Operator operator) {
        ApiKeyRow row = keys.lock(tenantId, publicId).orElseThrow(() -> notFound(publicId));
        ApiKey before = row.apiKey();
        ApiKey after = ApiKeyDecision.revoke(before, tenants.now());
        if (after.equals(before)) {
            return before;
        }
        row.revoke(Objects.requireNonNull(after.revokeTime()));
        keys.saveAndFlush(row);
        audit.append(operator, "api_key.revoke", before.path(), before, after);
        return after;
    }

    @Transactional(readOnly = true)
    public ApiKey get(UUID tenantId, String publicId) {
        return keys.findByTenantIdAndPublicId(tenantId, publicId)
                .orElseThrow(() -> notFound(publicId))
                .apiKey();
    }

    @Transactional(readOnly = true)
    public PageQuery.Page<ApiKey> list(UUID tenantId, PageQuery query) {
        if (!tenants.existsById(tenantId)) {
            throw Tenants.notFound(tenantId);
        }
        String after = Objects.requireNonNullElse(query.after(), "");
        return query.page(
                keys.list(tenantId, after, Limit.of(query.rowsToRead())).stream()
                        .map(ApiKeyRow::apiKey)
                        .toList(),
                ApiKey::publicId);
    }

    private static SeedbedException notFound(String publicId) {
        // A key pasted here by mistake must not come back in an answer or a log.
        String shown = publicId.length() <= 20 ? publicId : "(" + publicId.length() + " characters)";
        return new SeedbedException(ErrorCode.NOT_FOUND, "API key not found: " + shown);
    }
}
