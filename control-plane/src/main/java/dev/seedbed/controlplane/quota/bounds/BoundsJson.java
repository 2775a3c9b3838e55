package dev.seedbed.controlplane.quota.bounds;

import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.quota.Range;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Bounds as columns keep them and as the admin API shows them: ranges by the names of what they bound. */
public final class BoundsJson {

    /** Decimals stay what was written. */
    private static final JsonMapper json = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private BoundsJson() {}

    /** Names that a later version has written are left out. */
    public static Bounds read(String column) {
        var object = json.readTree(column);
        var ranges = new EnumMap<Bounded, Range>(Bounded.class);
        for (var one : Bounded.values()) {
            var range = object.get(one.field());
            if (range != null) {
                ranges.put(one, new Range(number(range.get("min")), number(range.get("max"))));
            }
        }
        return new Bounds(ranges);
    }

    private static @Nullable BigDecimal number(@Nullable JsonNode value) {
        return value == null || value.isNull() ? null : value.decimalValue();
    }

    public static String write(Bounds bounds) {
        var object = json.createObjectNode();
        view(bounds).forEach((field, range) -> {
            var ends = object.putObject(field);
            if (range.min() != null) {
                ends.put("min", range.min());
            }
            if (range.max() != null) {
                ends.put("max", range.max());
            }
        });
        return json.writeValueAsString(object);
    }

    /** In one order always. */
    public static Map<String, Range> view(Bounds bounds) {
        var view = new LinkedHashMap<String, Range>();
        for (var one : Bounded.values()) {
            var range = bounds.ranges().get(one);
            if (range != null) {
                view.put(one.field(), range);
            }
        }
        return view;
    }
}
