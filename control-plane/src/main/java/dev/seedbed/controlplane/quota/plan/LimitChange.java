package dev.seedbed.controlplane.quota.plan;

import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.LimitSql;
import dev.seedbed.controlplane.quota.internal.LimitsInForce;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Changes what limits are made of, and lets those in force and the budgets of open windows follow in the same transaction: what
 * was used stays, the next admission sees the new limits, and leased callers follow with their next flush.
 *
 * <p>Locks plans first, then subjects, then budgets by budget_id. An admission locks subjects only where it opens windows, and before
 * it locks a budget.
 */
@Component
public class LimitChange {

    private final LimitSql limits;
    private final BudgetSql budgets;
    private final TenantDirectory tenants;

    LimitChange(LimitSql limits, BudgetSql budgets, TenantDirectory tenants) {
        this.limits = limits;
        this.budgets = budgets;
        this.tenants = tenants;
    }

    /**
     * @param step writes plans, assignments or overrides
     * @throws SeedbedException INVALID_REQUEST: more limits than one request may meet; nothing has changed
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void apply(Subject subject, TenantId tenant, Runnable step) {
        limits.create(subject, tenant);
        apply(Map.of(subject, tenant), step);
    }

    /** @see #apply(Subject, TenantId, Runnable) @param changed subjects that are there, with their tenants */
    @Transactional(propagation = Propagation.MANDATORY)
    public void apply(Map<Subject, TenantId> changed, Runnable step) {
        var owners = Set.copyOf(changed.values());
        limits.open(owners.stream().map(Subject::of).toList());
        // A tenant's own stands for all of its limits, which are counted together.
        limits.lock(Stream.concat(changed.keySet().stream(), owners.stream().map(Subject::of))
                .distinct()
                .toList());
        var before = limits.inForce(changed.keySet());
        step.run();
        var after = inForce(changed.keySet());
        limits.write(after);
        requireFew(raised(changed, before, after));
        budgets.follow(after);
    }

    private Map<Subject, List<Limit>> inForce(Collection<Subject> subjects) {
        var plans = limits.ofPlans(subjects);
        var overrides = limits.overrides(subjects);
        var inForce = new LinkedHashMap<Subject, List<Limit>>();
        subjects.forEach(subject -> inForce.put(
                subject,
                LimitsInForce.of(
                        subject.kind(),
                        plans.getOrDefault(subject, List.of()),
                        overrides.getOrDefault(subject, List.of()))));
        return inForce;
    }

    /** Only a tenant whose requests may meet more limits than before is refused. */
    private static Set<TenantId> raised(
            Map<Subject, TenantId> changed, Map<Subject, List<Limit>> before, Map<Subject, List<Limit>> after) {
        var raised = new HashSet<TenantId>();
        changed.forEach((subject, tenant) -> {
            if (LimitsInForce.limited(after.getOrDefault(subject, List.of()))
                    > LimitsInForce.limited(before.getOrDefault(subject, List.of()))) {
                raised.add(tenant);
            }
        });
        return raised;
    }

    private void requireFew(Set<TenantId> raised) {
        limits.limited(raised)
                .forEach((tenant, limited) -> LimitsOfRequest.most(
                                Subject.of(tenant), limited, live(tenant, limited.keySet()))
                        .check());
    }

    /** Projects and keys that requests can still come from. */
    private LimitsOfRequest.Live live(TenantId tenant, Set<Subject> limited) {
        var projects = limited.stream()
                .filter(subject -> subject.kind() == Subject.Kind.PROJECT)
                .map(subject -> new ProjectId(UUID.fromString(subject.id())))
                .toList();
        var keys = limited.stream()
                .filter(subject -> subject.kind() == Subject.Kind.KEY)
                .map(subject -> new ApiKeyId(subject.id()))
                .toList();
        return new LimitsOfRequest.Live(
                projects.isEmpty() ? Set.of() : tenants.liveProjects(tenant, projects),
                keys.isEmpty() ? Map.of() : tenants.liveKeys(tenant, keys));
    }
}
