package dev.seedbed.controlplane.generation.http;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the fields of one JSON object, each by its type, and refuses by name those that nobody read. A field that is null counts
 * as absent.
 */
final class Fields {

    private final ObjectNode object;
    private final String path;
    private final Set<String> known = new HashSet<>();

    /** @param path prefix of the fields' names in errors, for example {@code messages[0].} */
    Fields(ObjectNode object, String path) {
        this.object = object;
        this.path = path;
    }

    private @Nullable JsonNode take(String name) {
        known.add(name);
        var value = object.get(name);
        return value == null || value.isNull() ? null : value;
    }

    @Nullable
    String string(String name) {
        var value = take(name);
        if (value != null && !value.isString()) {
            throw wrongType(name, value, "a string");
        }
        return value == null ? null : value.stringValue();
    }

    boolean flag(String name) {
        var value = take(name);
        if (value != null && !value.isBoolean()) {
            throw wrongType(name, value, "a boolean");
        }
        return value != null && value.booleanValue();
    }

    @Nullable
    Long integer(String name) {
        var value = take(name);
        if (value == null) {
            return null;
        }
        if (!value.isIntegralNumber()) {
            throw wrongType(name, value, "an integer");
        }
        if (!value.canConvertToLong()) {
            throw invalid(
                    path + name,
                    "%s%s out of range: %s (expected: a 64-bit integer)".formatted(path, name, shown(value)));
        }
        return value.longValue();
    }

    /** As {@link #integer}, clamped to int: whatever lies outside is out of every range anyway. */
    @Nullable
    Integer smallInteger(String name) {
        var value = integer(name);
        return value == null ? null : (int) Math.clamp(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    @Nullable
    Double number(String name) {
        var value = take(name);
        if (value == null) {
            return null;
        }
        if (!value.isNumber()) {
            throw wrongType(name, value, "a number");
        }
        var number = value.doubleValue();
        if (!Double.isFinite(number)) {
            throw invalid(
                    path + name,
                    "%s%s out of range: %s (expected: a finite number)".formatted(path, name, shown(value)));
        }
        return number;
    }

    <E extends Enum<E>> @Nullable E choice(String name, Class<E> type) {
        var text = string(name);
        if (text == null) {
            return null;
        }
        var names = new ArrayList<String>();
        for (var constant : type.getEnumConstants()) {
            var spelled = constant.name().toLowerCase(Locale.ROOT);
            if (spelled.equals(text)) {
                return constant;
            }
            names.add(spelled);
        }
        throw invalid(path + name, "%s%s unknown: %s (expected: one of %s)".formatted(path, name, shown(text), names));
    }

    /** A string, or an array of strings. */
    List<String> strings(String name) {
        var value = take(name);
        if (value == null) {
            return List.of();
        }
        if (value.isString()) {
            return List.of(value.stringValue());
        }
        if (!value.isArray()) {
            throw wrongType(name, value, "a string or an array of strings");
        }
        var strings = new ArrayList<String>();
        for (var item : value) {
            if (!item.isString()) {
                throw wrongType(name + "[" + strings.size() + "]", item, "a string");
            }
            strings.add(item.stringValue());
        }
        return strings;
    }

    @Nullable
    Fields object(String name) {
        var value = take(name);
        if (value == null) {
            return null;
        }
        if (value instanceof ObjectNode child) {
            return new Fields(child, path + name + ".");
        }
        throw wrongType(name, value, "an object");
    }

    @Nullable
    JsonNode any(String name) {
        return take(name);
    }

    /** Fields that change nothing in an answer of ours. */
    void ignore(String... names) {
        known.addAll(List.of(names));
    }

    /** A field that we cannot honour: refused unless its value asks for what happens anyway. */
    void refuseUnless(String name, String expected, Predicate<JsonNode> harmless) {
        var value = take(name);
        if (value != null && !harmless.test(value)) {
            throw invalid(path + name, "%s%s is not supported (expected: %s)".formatted(path, name, expected));
        }
    }

    void refuseUnknown() {
        for (var name : object.propertyNames()) {
            if (!known.contains(name)) {
                throw invalid(path + shown(name), "unknown field: %s%s".formatted(path, shown(name)));
            }
        }
    }

    SeedbedException wrongType(String name, JsonNode value, String expected) {
        return invalid(
                path + name,
                "%s%s has the wrong type: %s (expected: %s)"
                        .formatted(path, name, value.getNodeType().name().toLowerCase(Locale.ROOT), expected));
    }

    private static String shown(JsonNode value) {
        return shown(value.toString());
    }

    static String shown(String text) {
        var printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= 64 ? printable : printable.substring(0, 64) + "...";
    }
}
