package dev.seedbed.controlplane.quota;

import java.util.EnumMap;
import java.util.Map;

/** Maximum context and output, modes, policies and ranges of knobs that requests may ask for; what is not named is as the model version allows. */
public record Bounds(Map<Bounded, Bound> each) {

    public static final Bounds NONE = new Bounds(Map.of());

    public Bounds {
        each = Map.copyOf(each);
    }

    /** These win over a plan's of the same name. */
    public Bounds over(Bounds plan) {
        var merged = new EnumMap<Bounded, Bound>(Bounded.class);
        merged.putAll(plan.each);
        merged.putAll(each);
        return new Bounds(merged);
    }
}
