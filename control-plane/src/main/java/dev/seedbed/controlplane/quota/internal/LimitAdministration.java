package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What operators do with limits. */
@Service
class LimitAdministration {

    private final Quotas quotas;
    private final TenantDirectory tenants;
    private final AuditLog audit;

    LimitAdministration(Quotas quotas, TenantDirectory tenants, AuditLog audit) {
        this.quotas = quotas;
        this.tenants = tenants;
        this.audit = audit;
    }

    /** A tenant, or one of its projects or keys, as the admin API's paths name it. */
    record Owned(TenantId tenantId, Subject subject) {

        static Owned tenant(UUID tenant) {
            return new Owned(new TenantId(tenant), Subject.of(new TenantId(tenant)));
        }

        static Owned project(UUID tenant, UUID project) {
            return new Owned(new TenantId(tenant), Subject.of(new ProjectId(project)));
        }

        static Owned key(UUID tenant, String publicId) {
            return new Owned(new TenantId(tenant), Subject.of(new ApiKeyId(publicId)));
        }

        String path() {
            return switch (subject.kind()) {
                case TENANT -> "tenants/" + tenantId;
                case PROJECT -> "tenants/" + tenantId + "/projects/" + subject.id();
                case KEY -> "tenants/" + tenantId + "/api_keys/" + subject.id();
            };
        }
    }

    /** A limit in force and what was used of it. */
    record LimitInForce(Limit limit, Budget budget) {}

    /** Limits in force, by unit and then by window. */
    @Transactional(readOnly = true)
    public List<LimitInForce> list(Owned owned) {
        require(owned);
        var budgets =
                quotas.budgets(owned.subject()).stream().collect(Collectors.toMap(Budget::key, Function.identity()));
        return quotas.limits(owned.subject()).stream()
                .map(limit -> new LimitInForce(
                        limit, budgets.getOrDefault(limit.key(), Budget.unused(owned.subject(), limit))))
                .toList();
    }

    @Transactional
    public LimitInForce set(Owned owned, Limit limit, Operator operator) {
        var before = find(owned, limit.key());
        quotas.setLimit(owned.subject(), owned.tenantId(), limit);
        var after = find(owned, limit.key());
        audit(owned, limit.key(), "limit.set", before, after, operator);
        // A lifted limit of a project or a key is not counted either.
        return after.orElseGet(() -> new LimitInForce(limit, Budget.unused(owned.subject(), limit)));
    }

    @Transactional
    public void remove(Owned owned, Limit.Key key, Operator operator) {
        var before = find(owned, key);
        quotas.removeLimit(owned.subject(), owned.tenantId(), key);
        audit(owned, key, "limit.remove", before, find(owned, key), operator);
    }

    private Optional<LimitInForce> find(Owned owned, Limit.Key key) {
        return list(owned).stream()
                .filter(found -> found.limit().key().equals(key))
                .findFirst();
    }

    private void audit(
            Owned owned,
            Limit.Key key,
            String action,
            Optional<LimitInForce> before,
            Optional<LimitInForce> after,
            Operator operator) {
        var was = before.map(LimitInForce::limit).orElse(null);
        var is = after.map(LimitInForce::limit).orElse(null);
        if (!Objects.equals(was, is)) {
            audit.append(
                    operator, action, "%s/limits/%s/%s".formatted(owned.path(), key.unit(), key.window()), was, is);
        }
    }

    /** @throws SeedbedException NOT_FOUND: the tenant, or what should be its own */
    private void require(Owned owned) {
        tenants.require(owned.tenantId());
        var there = switch (owned.subject().kind()) {
            case TENANT -> true;
            case PROJECT ->
                tenants.ownsProject(
                        owned.tenantId(),
                        new ProjectId(UUID.fromString(owned.subject().id())));
            case KEY ->
                tenants.ownsKey(owned.tenantId(), new ApiKeyId(owned.subject().id()));
        };
        if (!there) {
            throw new SeedbedException(ErrorCode.NOT_FOUND, "not found: " + owned.path());
        }
    }
}
