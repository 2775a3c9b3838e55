package dev.seedbed.testkit.paced;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Options of a command line, {@code --name=value} each. */
record Options(Map<String, String> values) {

    /** @throws IllegalArgumentException an argument that is no option */
    static Options of(List<String> arguments) {
        var values = new HashMap<String, String>();
        for (var argument : arguments) {
            var equals = argument.indexOf('=');
            if (!argument.startsWith("--") || equals < 0) {
                throw new IllegalArgumentException("not an option: %s (expected: --name=value)".formatted(argument));
            }
            values.put(argument.substring(2, equals), argument.substring(equals + 1));
        }
        return new Options(values);
    }

    /** Those of them that have one of the names. */
    Options only(Set<String> names) {
        var some = new HashMap<>(values);
        some.keySet().retainAll(names);
        return new Options(some);
    }

    String text(String name) {
        var value = find(name);
        if (value == null) {
            throw new IllegalArgumentException("option missing: --" + name);
        }
        return value;
    }

    @Nullable
    String find(String name) {
        return values.get(name);
    }

    int number(String name) {
        return Integer.parseInt(text(name));
    }

    double decimal(String name) {
        return Double.parseDouble(text(name));
    }
}
