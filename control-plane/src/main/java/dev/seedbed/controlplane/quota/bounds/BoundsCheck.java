package dev.seedbed.controlplane.quota.bounds;

import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What bounds may be set. Pure; fields are those of the admin API. */
public final class BoundsCheck {

    private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000_000);
    private static final int MOST_DECIMALS = 9;

    private BoundsCheck() {}

    /** @throws SeedbedException INVALID_REQUEST */
    public static Bounds of(Map<String, @Nullable Bound> given) {
        var each = new EnumMap<Bounded, Bound>(Bounded.class);
        given.forEach((field, bound) -> {
            var bounded = Bounded.of(field)
                    .orElseThrow(() -> SeedbedException.invalid(
                            "bounds",
                            "unknown bound: %s (expected: one of %s)"
                                    .formatted(
                                            shown(field),
                                            Arrays.stream(Bounded.values())
                                                    .map(Bounded::field)
                                                    .toList())));
            each.put(bounded, bounded.names().isEmpty() ? range(bounded, bound) : names(bounded, bound));
        });
        return new Bounds(each);
    }

    /** In the order of the names, each once. */
    private static Bound names(Bounded bounded, @Nullable Bound bound) {
        var field = "bounds." + bounded.field();
        var expected = "(expected: allowed, some of %s)".formatted(bounded.names());
        if (bound == null || bound.allowed() == null || bound.allowed().isEmpty()) {
            throw SeedbedException.invalid(field, "%s is empty %s".formatted(field, expected));
        }
        if (bound.min() != null || bound.max() != null) {
            throw SeedbedException.invalid(field, "%s is no range %s".formatted(field, expected));
        }
        for (@Nullable String name : bound.allowed()) {
            if (name == null || !bounded.names().contains(name)) {
                throw SeedbedException.invalid(
                        field + ".allowed", "%s.allowed unknown: %s %s".formatted(field, shown(name), expected));
            }
        }
        return Bound.names(
                bounded.names().stream().filter(bound.allowed()::contains).toList());
    }

    private static @Nullable String shown(@Nullable String name) {
        return name == null ? null : name.substring(0, Math.min(name.length(), 64));
    }

    private static Bound range(Bounded bounded, @Nullable Bound range) {
        var field = "bounds." + bounded.field();
        if (range == null || (range.min() == null && range.max() == null)) {
            throw SeedbedException.invalid(field, field + " is empty (expected: min, max or both)");
        }
        if (range.allowed() != null) {
            throw SeedbedException.invalid(
                    field + ".allowed", field + ".allowed makes no sense (expected: min, max or both)");
        }
        number(field + ".min", range.min());
        number(field + ".max", range.max());
        if (range.min() != null && range.max() != null && range.min().compareTo(range.max()) > 0) {
            throw SeedbedException.invalid(field, "%s is empty: %s (expected: min <= max)".formatted(field, range));
        }
        if (bounded.isTokens()
                && (range.min() != null || range.max() == null || range.max().compareTo(BigDecimal.ONE) < 0)) {
            throw SeedbedException.invalid(
                    field, "%s out of range: %s (expected: only max, >= 1)".formatted(field, range));
        }
        return range;
    }

    private static void number(String field, @Nullable BigDecimal value) {
        // Compared before it is written out: an exponent may be huge.
        if (value != null
                && (value.signum() < 0
                        || value.compareTo(MOST) > 0
                        || value.stripTrailingZeros().scale() > MOST_DECIMALS)) {
            throw SeedbedException.invalid(
                    field,
                    "%s out of range: %s (expected: 0..%s, at most %d decimals)"
                            .formatted(field, value, Bound.text(MOST), MOST_DECIMALS));
        }
    }
}
