package dev.seedbed.controlplane.quota;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * What a value may be, both ends included.
 *
 * @param min null: no lower end
 * @param max null: no upper end
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Range(
        @Schema(description = "Included; absent: no lower end") @Nullable
        BigDecimal min,

        @Schema(description = "Included; absent: no upper end") @Nullable
        BigDecimal max) {

    public boolean contains(BigDecimal value) {
        return (min == null || value.compareTo(min) >= 0) && (max == null || value.compareTo(max) <= 0);
    }

    /** As errors say it, for example {@code 1..16} or {@code at most 16}. */
    @Override
    public String toString() {
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
