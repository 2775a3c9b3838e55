package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What plan and overrides of a subject come to. Pure. */
public final class LimitsInForce {

    private LimitsInForce() {}

    /**
     * Overrides win over the plan. What a tenant uses over its life is always counted, and a unit that is closed by default is
     * limited to 0 as long as neither plan nor override says anything of it in any window.
     */
    public static List<Limit> of(Subject.Kind kind, Collection<Limit> plan, Collection<Limit> overrides) {
        Map<Limit.Key, Limit> inForce = new LinkedHashMap<>();
        plan.forEach(limit -> inForce.put(limit.key(), limit));
        overrides.forEach(limit -> inForce.put(limit.key(), limit));
        if (kind == Subject.Kind.TENANT) {
            for (var unit : Unit.values()) {
                if (unit.isPosted()) {
                    var closed =
                            unit.closedByDefault() && inForce.keySet().stream().noneMatch(key -> key.unit() == unit);
                    var counted = new Limit(unit, Window.EVER, closed ? 0L : null, Durability.STRICT);
                    inForce.putIfAbsent(counted.key(), counted);
                }
            }
        } else {
            // A lifted limit needs no counter.
            inForce.values().removeIf(limit -> limit.amount() == null);
        }
        return List.copyOf(inForce.values());
    }

    /** How many of them refuse anything. */
    public static long limited(Collection<Limit> limits) {
        return limits.stream().filter(limit -> limit.amount() != null).count();
    }
}
