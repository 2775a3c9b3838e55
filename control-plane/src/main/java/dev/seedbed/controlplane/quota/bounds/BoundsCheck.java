package dev.seedbed.controlplane.quota.bounds;

import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.quota.Range;
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
    public static Bounds of(Map<String, @Nullable Range> given) {
        var ranges = new EnumMap<Bounded, Range>(Bounded.class);
        given.forEach((field, range) -> {
            var bounded = Bounded.of(field)
                    .orElseThrow(() -> SeedbedException.invalid(
                            "bounds",
                            "unknown bound: %s (expected: one of %s)"
                                    .formatted(
                                            field.substring(0, Math.min(field.length(), 64)),
                                            Arrays.stream(Bounded.values())
                                                    .map(Bounded::field)
                                                    .toList())));
            ranges.put(bounded, range(bounded, range));
        });
        return new Bounds(ranges);
    }

    private static Range range(Bounded bounded, @Nullable Range range) {
        var field = "bounds." + bounded.field();
        if (range == null || (range.min() == null && range.max() == null)) {
            throw SeedbedException.invalid(field, field + " is empty (expected: min, max or both)");
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
                            .formatted(field, value, Range.text(MOST), MOST_DECIMALS));
        }
    }
}
