package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.hibernate.id.uuid.UuidVersion7Strategy;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Creates and changes tenants: decides, then applies and audits in one transaction. */
@Service
class Tenants implements TenantDirectory {

    static final UUID BEFORE_ALL = new UUID(0, 0);

    private final TenantRows rows;
    private final ProjectRows projects;
    private final ApiKeyRows keys;
    private final KeyCache cache;
    private final AuditLog audit;

    Tenants(TenantRows rows, ProjectRows projects, ApiKeyRows keys, KeyCache cache, AuditLog audit) {
        this.rows = rows;
        this.projects = projects;
        this.keys = keys;
        this.cache = cache;
        this.audit = audit;
    }

    @Transactional
    public Tenant create(@Nullable String name, Operator operator) {
        String checked = DisplayName.check("name", name);
        refuseTaken(checked, null);
        Instant now = rows.now();
        TenantDecision decision = TenantDecision.create(newId(), checked, now);
        save(new TenantRow(decision.after()));
        projects.saveAndFlush(new ProjectRow(
                ProjectDecision.createDefault(newId(), decision.after().tenantId(), now)));
        audit.append(operator, decision.action(), decision.after().path(), null, decision.after());
        return decision.after();
    }

    @Transactional
    public Tenant change(UUID tenantId, TenantCommand command, Operator operator) {
        TenantRow row = rows.lock(tenantId).orElseThrow(() -> notFound(tenantId));
        Tenant before = row.tenant();
        TenantDecision decision = TenantDecision.decide(before, command, rows.now());
        if (decision.after().equals(before)) {
            return before;
        }
        if (!decision.after().name().equals(before.name())) {
            refuseTaken(decision.after().name(), tenantId);
        }
        row.apply(decision.after());
        save(row);
        cache.forgetAfterCommit(KeyChange.tenant(tenantId));
        audit.append(operator, decision.action(), before.path(), before, decision.after());
        return decision.after();
    }

    @Transactional(readOnly = true)
    public Tenant get(UUID tenantId) {
        return rows.findByTenantId(tenantId)
                .orElseThrow(() -> notFound(tenantId))
                .tenant();
    }

    @Transactional(readOnly = true)
    public PageQuery.Page<Tenant> list(boolean showDeleted, PageQuery query) {
        UUID after = Objects.requireNonNullElse(query.afterId(), BEFORE_ALL);
        return query.page(
                rows.list(after, showDeleted, Limit.of(query.rowsToRead())).stream()
                        .map(TenantRow::tenant)
                        .toList(),
                tenant -> tenant.tenantId().toString());
    }

    @Override
    public void require(TenantId tenantId) {
        if (!rows.existsById(tenantId.value())) {
            throw notFound(tenantId.value());
        }
    }

    @Override
    public boolean ownsProject(TenantId tenantId, ProjectId projectId) {
        return projects.existsByTenantIdAndProjectId(tenantId.value(), projectId.value());
    }

    @Override
    public boolean ownsKey(TenantId tenantId, ApiKeyId apiKeyId) {
        return keys.findByTenantIdAndPublicId(tenantId.value(), apiKeyId.value())
                .isPresent();
    }

    @Override
    public Set<ProjectId> liveProjects(TenantId tenantId, Collection<ProjectId> projectIds) {
        return projects
                .findLive(
                        tenantId.value(),
                        projectIds.stream().map(ProjectId::value).toList())
                .stream()
                .map(ProjectId::new)
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Map<ApiKeyId, ProjectId> liveKeys(TenantId tenantId, Collection<ApiKeyId> apiKeyIds) {
        return keys
                .findLive(
                        tenantId.value(),
                        apiKeyIds.stream().map(ApiKeyId::value).toList())
                .stream()
                .map(ApiKeyRow::apiKey)
                .collect(Collectors.toUnmodifiableMap(
                        key -> new ApiKeyId(key.publicId()), key -> new ProjectId(key.projectId())));
    }

    static UUID newId() {
        return UuidVersion7Strategy.INSTANCE.generateUuid(null);
    }

    static SeedbedException notFound(UUID tenantId) {
        return new SeedbedException(ErrorCode.NOT_FOUND, "tenant not found: " + tenantId);
    }

    private void refuseTaken(String name, @Nullable UUID except) {
        rows.findLiveByName(name)
                .map(TenantRow::tenant)
                .filter(taken -> !taken.tenantId().equals(except))
                .ifPresent(taken -> {
                    throw new SeedbedException(ErrorCode.ALREADY_EXISTS, "tenant name is taken: " + name, "name", null)
                            .with(Map.of("existingId", taken.tenantId().toString()));
                });
    }

    private void save(TenantRow row) {
        try {
            rows.saveAndFlush(row);
        } catch (DataIntegrityViolationException e) {
            // Taken between the look and the write: the unique index decides.
            throw new SeedbedException(ErrorCode.ALREADY_EXISTS, "tenant name was taken just now", "name", e);
        }
    }
}
