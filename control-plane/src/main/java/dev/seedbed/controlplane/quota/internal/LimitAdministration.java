package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.LimitSource;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.plan.PlanAssignments;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What operators do with limits. */
@Service
class LimitAdministration {

    private final Quotas quotas;
    private final LimitSql limits;
    private final PlanAssignments plans;
    private final Ownership ownership;
    private final AuditLog audit;

    LimitAdministration(Quotas quotas, LimitSql limits, PlanAssignments plans, Ownership ownership, AuditLog audit) {
        this.quotas = quotas;
        this.limits = limits;
        this.plans = plans;
        this.ownership = ownership;
        this.audit = audit;
    }

    /** A limit in force, where it comes from, and what was used of it. */
    record LimitInForce(Limit limit, LimitSource source, Budget budget) {}

    /** Limits in force, by unit and then by window. */
    @Transactional(readOnly = true)
    public List<LimitInForce> list(Owned owned) {
        ownership.require(owned);
        var subject = List.of(owned.subject());
        var own = keys(limits.overrides(subject));
        var plan = keys(limits.ofPlans(subject));
        var budgets =
                quotas.budgets(owned.subject()).stream().collect(Collectors.toMap(Budget::key, Function.identity()));
        return quotas.limits(owned.subject()).stream()
                .map(limit -> new LimitInForce(
                        limit,
                        own.contains(limit.key())
                                ? LimitSource.OWN
                                : plan.contains(limit.key()) ? LimitSource.PLAN : LimitSource.DEFAULT,
                        budgets.getOrDefault(limit.key(), Budget.unused(owned.subject(), limit))))
                .toList();
    }

    private static Set<Limit.Key> keys(Map<Subject, List<Limit>> ofOneSubject) {
        return ofOneSubject.values().stream()
                .flatMap(List::stream)
                .map(Limit::key)
                .collect(Collectors.toSet());
    }

    /** Name of the subject's plan; null: it has none. */
    @Nullable
    String plan(Owned owned) {
        return plans.nameOf(owned.subject());
    }

    @Transactional
    public LimitInForce set(Owned owned, Limit limit, Operator operator) {
        var before = find(owned, limit.key());
        quotas.setLimit(owned.subject(), owned.tenantId(), limit);
        var after = find(owned, limit.key());
        audit(owned, limit.key(), "limit.set", before, after, operator);
        // A lifted limit of a project or a key is not counted either.
        return after.orElseGet(() -> new LimitInForce(limit, LimitSource.OWN, Budget.unused(owned.subject(), limit)));
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
}
