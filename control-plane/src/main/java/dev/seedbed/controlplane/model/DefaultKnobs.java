package dev.seedbed.controlplane.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a version decodes with where a request says nothing.
 *
 * @param mode lower-case name; null: the engine does not tell
 * @param policy lower-case name; null: the engine does not tell
 * @param values of knobs that are numbers, by their names in the APIs; those the engine does not tell are absent
 */
public record DefaultKnobs(@Nullable String mode, @Nullable String policy, Map<String, Double> values) {

    public static final DefaultKnobs UNTOLD = new DefaultKnobs(null, null, Map.of());

    public DefaultKnobs {
        values = Map.copyOf(values);
    }
}
