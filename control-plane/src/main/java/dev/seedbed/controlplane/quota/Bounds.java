package dev.seedbed.controlplane.quota;

import java.util.EnumMap;
import java.util.Map;

/** Maximum context and output and ranges of knobs that requests may ask for; what is not named is as the model version allows. */
public record Bounds(Map<Bounded, Range> ranges) {

    public static final Bounds NONE = new Bounds(Map.of());

    public Bounds {
        ranges = Map.copyOf(ranges);
    }

    /** These win over a plan's of the same name. */
    public Bounds over(Bounds plan) {
        var merged = new EnumMap<Bounded, Range>(Bounded.class);
        merged.putAll(plan.ranges);
        merged.putAll(ranges);
        return new Bounds(merged);
    }
}
