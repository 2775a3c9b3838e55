package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
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

    /** One budget for each unit, also where nothing was limited or used yet. */
    @Transactional(readOnly = true)
    public List<Budget> list(TenantId tenant) {
        tenants.require(tenant);
        List<Budget> known = quotas.budgets(tenant);
        return Arrays.stream(Unit.values())
                .map(unit -> known.stream()
                        .filter(budget -> budget.unit() == unit)
                        .findFirst()
                        .orElseGet(() -> new Budget(tenant, unit, unit.closedByDefault() ? 0L : null, 0, 0)))
                .toList();
    }

    /** @param limit in {@code unit}; null: counted, not limited */
    @Transactional
    public Budget set(TenantId tenant, Unit unit, @Nullable Long limit, Operator operator) {
        Limit before = Limit.of(list(tenant).get(unit.ordinal()));
        Budget after = quotas.setLimit(tenant, unit, limit);
        if (!Objects.equals(before.limit(), limit)) {
            audit.append(operator, "limit.set", "tenants/" + tenant + "/limits/" + unit, before, Limit.of(after));
        }
        return after;
    }

    /** The part of a budget that operators set: what was used is the ledger's to tell. */
    private record Limit(Unit unit, @Nullable Long limit) {
        static Limit of(Budget budget) {
            return new Limit(budget.unit(), budget.limit());
        }
    }
}
