package dev.seedbed.controlplane.generation;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** The limits under which a generation was admitted, as its record keeps them. */
final class LimitsJson {

    private static final JsonMapper json = JsonMapper.shared();

    private LimitsJson() {}

    static String of(List<RateLimit> limits) {
        var array = json.createArrayNode();
        for (var limit : limits) {
            var reset = limit.reset();
            array.addObject()
                    .put("subject", limit.subject())
                    .put("unit", limit.unit().name())
                    .put("window", limit.window())
                    .put("limit", limit.limit())
                    .put("posted", limit.posted())
                    .put("reserved", limit.reserved())
                    .put("reset_ms", reset == null ? null : reset.toMillis());
        }
        return json.writeValueAsString(array);
    }
}
