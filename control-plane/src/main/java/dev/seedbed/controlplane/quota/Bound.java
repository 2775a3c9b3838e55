package dev.seedbed.controlplane.quota;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a value may be: a number between two ends, both included, or one of some names.
 *
 * @param min null: no lower end
 * @param max null: no upper end
 * @param allowed names; null: the value is a number
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Bound(
        @Schema(description = "Included; absent: no lower end") @Nullable
        BigDecimal min,

        @Schema(description = "Included; absent: no upper end") @Nullable
        BigDecimal max,

        @Schema(description = "Instead of min and max: of mode and policy the names that may be asked for") @Nullable
        List<String> allowed) {

    public static Bound range(@Nullable BigDecimal min, @Nullable BigDecimal max) {
        return new Bound(min, max, null);
    }

    public static Bound names(List<String> allowed) {
        return new Bound(null, null, List.copyOf(allowed));
    }

    /** @param value a name, or a number as a decimal */
    public boolean allows(String value) {
        if (allowed != null) {
            return allowed.contains(value);
        }
        var number = new BigDecimal(value);
        return (min == null || number.compareTo(min) >= 0) && (max == null || number.compareTo(max) <= 0);
    }

    /** As errors say it, for example {@code 1..16}, {@code at most 16} or {@code one of [exact, diffusion]}. */
    @Override
    public String toString() {
        if (allowed != null) {
            return "one of " + allowed;
        }
        if (min == null) {
            return max == null ? "anything" : "at most " + text(max);
        }
        return max == null ? "at least " + text(min) : text(min) + ".." + text(max);
    }

    /** Without an exponent and without zeros at the end. */
    public static String text(BigDecimal value) {
        return value.stripTrailingZeros().toPlainString();
    }
}
