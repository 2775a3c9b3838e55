package dev.seedbed.controlplane.quota.bounds;

import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Bounds;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Bounds as columns keep them and as the admin API shows them: by the names of what they bound. */
public final class BoundsJson {

    /** Decimals stay what was written. */
    private static final JsonMapper json = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private BoundsJson() {}

    /** Names that a later version has written are left out. */
    public static Bounds read(String column) {
        var object = json.readTree(column);
        var each = new EnumMap<Bounded, Bound>(Bounded.class);
        for (var one : Bounded.values()) {
            var bound = object.get(one.field());
            if (bound != null) {
                each.put(one, json.treeToValue(bound, Bound.class));
            }
        }
        return new Bounds(each);
    }

    public static String write(Bounds bounds) {
        return json.writeValueAsString(view(bounds));
    }

    /** In one order always. */
    public static Map<String, Bound> view(Bounds bounds) {
        var view = new LinkedHashMap<String, Bound>();
        for (var one : Bounded.values()) {
            var bound = bounds.each().get(one);
            if (bound != null) {
                view.put(one.field(), bound);
            }
        }
        return view;
    }
}
