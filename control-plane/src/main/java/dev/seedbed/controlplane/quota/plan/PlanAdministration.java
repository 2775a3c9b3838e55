package dev.seedbed.controlplane.quota.plan;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.bounds.BoundsCheck;
import dev.seedbed.controlplane.quota.bounds.BoundsJson;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What operators do with plans. */
@Service
class PlanAdministration {

    private final PlanSql plans;
    private final LimitChange change;
    private final AuditLog audit;

    PlanAdministration(PlanSql plans, LimitChange change, AuditLog audit) {
        this.plans = plans;
        this.change = change;
        this.audit = audit;
    }

    /** What a plan is to hold. @param limits, bounds instead of all it had; null: as they are */
    record Content(
            @Nullable List<PlanLimit> limits, @Nullable Map<String, @Nullable Bound> bounds) {}

    @Transactional
    public PlanFacts create(@Nullable String name, Content content, Operator operator) {
        var checked = PlanCheck.name(name);
        var limits = PlanCheck.limits(content.limits() == null ? List.of() : content.limits());
        var bounds = BoundsCheck.of(content.bounds() == null ? Map.of() : content.bounds());
        var id = UUID.randomUUID();
        if (!plans.insert(id, checked)) {
            throw new SeedbedException(ErrorCode.ALREADY_EXISTS, "plan exists: " + checked, "name", null)
                    .with(Map.of("existingId", checked));
        }
        plans.replaceLimits(id, limits);
        plans.setBounds(id, bounds);
        var created = get(checked);
        audit.append(operator, "plan.create", created.path(), null, created);
        return created;
    }

    /** Lets the limits in force of all whose plan it is follow. */
    @Transactional
    public PlanFacts update(String name, Content content, Operator operator) {
        var before = locked(name);
        if (content.limits() == null && content.bounds() == null) {
            throw SeedbedException.invalid("limits", "nothing to change (expected: limits, bounds or both)");
        }
        var limits = PlanCheck.limits(content.limits() == null ? before.limits() : content.limits());
        var bounds = BoundsCheck.of(content.bounds() == null ? nullable(before.bounds()) : content.bounds());
        var after = before;
        if (!before.has(limits)) {
            change.apply(plans.subjects(before.id()), () -> plans.replaceLimits(before.id(), limits));
            after = get(name);
        }
        if (!before.bounds().equals(BoundsJson.view(bounds))) {
            plans.setBounds(before.id(), bounds);
            after = get(name);
        }
        if (!after.equals(before)) {
            audit.append(operator, "plan.update", before.path(), before, after);
        }
        return after;
    }

    private static Map<String, @Nullable Bound> nullable(Map<String, Bound> bounds) {
        return new LinkedHashMap<>(bounds);
    }

    @Transactional
    public void delete(String name, Operator operator) {
        var plan = locked(name);
        var subjects = plans.subjects(plan.id());
        if (!subjects.isEmpty()) {
            throw new SeedbedException(
                    ErrorCode.FAILED_PRECONDITION,
                    "plan is in use: %s (of %d subjects, for example %s; expected: of none)"
                            .formatted(
                                    name,
                                    subjects.size(),
                                    subjects.keySet().iterator().next()));
        }
        plans.delete(plan.id());
        audit.append(operator, "plan.delete", plan.path(), plan, null);
    }

    /** As it is once nobody else changes it. */
    private PlanFacts locked(String name) {
        plans.lock(get(name).id());
        return get(name);
    }

    public PlanFacts get(String name) {
        return plans.find(name).orElseThrow(() -> notFound(name));
    }

    static SeedbedException notFound(String name) {
        return new SeedbedException(ErrorCode.NOT_FOUND, "plan not found: " + name);
    }

    public List<PlanFacts> list() {
        return plans.list();
    }
}
