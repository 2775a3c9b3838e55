package dev.seedbed.controlplane.quota.plan;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.Owned;
import dev.seedbed.controlplane.quota.internal.Ownership;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Which plans tenants, projects and keys have. */
@Service
public class PlanAssignments {

    private final PlanSql plans;
    private final LimitChange change;
    private final Ownership ownership;
    private final AuditLog audit;

    PlanAssignments(PlanSql plans, LimitChange change, Ownership ownership, AuditLog audit) {
        this.plans = plans;
        this.change = change;
        this.ownership = ownership;
        this.audit = audit;
    }

    /** @param name of a subject's plan; null: it has none */
    record Assignment(@Nullable String name) {}

    /** Name of a subject's plan; null: it has none. */
    @Transactional(readOnly = true)
    public @Nullable String nameOf(Subject subject) {
        return plans.assigned(subject).orElse(null);
    }

    @Transactional(readOnly = true)
    public Assignment get(Owned owned) {
        ownership.require(owned);
        return new Assignment(nameOf(owned.subject()));
    }

    /** Its limits hold from the next admission on; what was used in open windows stays. @param name null: none */
    @Transactional
    public Assignment assign(Owned owned, @Nullable String name, Operator operator) {
        ownership.require(owned);
        var plan = name == null ? null : plans.share(name).orElseThrow(() -> PlanAdministration.notFound(name));
        var before = get(owned);
        change.apply(owned.subject(), owned.tenantId(), () -> plans.assign(owned.subject(), plan));
        var after = get(owned);
        if (!Objects.equals(before, after)) {
            audit.append(operator, "plan.assign", owned.path() + "/plan", before, after);
        }
        return after;
    }
}
