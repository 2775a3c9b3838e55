package dev.seedbed.controlplane.pricing.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.pricing.Rates;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** Rates as the admin API takes and shows them. */
@Schema(name = "Rates", description = "In millionths of the currency, 0..10^12; absent: 0")
record RatesView(
        @JsonProperty("per_million_input_tokens") @Nullable Long perMillionInputTokens,

        @JsonProperty("per_million_cached_input_tokens")
        @Schema(description = "Instead of the price as input, and at most that; absent: the price as input")
        @Nullable
        Long perMillionCachedInputTokens,

        @JsonProperty("per_million_output_tokens") @Nullable Long perMillionOutputTokens,
        @JsonProperty("per_million_positions") @Nullable Long perMillionPositions,
        @JsonProperty("per_request") @Nullable Long perRequest) {

    static RatesView of(Rates rates) {
        return new RatesView(
                rates.inputTokens(),
                rates.cachedInputTokens(),
                rates.outputTokens(),
                rates.positions(),
                rates.request());
    }

    /** @throws SeedbedException INVALID_REQUEST */
    Rates rates() {
        var input = checked("per_million_input_tokens", perMillionInputTokens, Rates.MOST);
        return new Rates(
                input,
                perMillionCachedInputTokens == null
                        ? input
                        : checked("per_million_cached_input_tokens", perMillionCachedInputTokens, input),
                checked("per_million_output_tokens", perMillionOutputTokens, Rates.MOST),
                checked("per_million_positions", perMillionPositions, Rates.MOST),
                checked("per_request", perRequest, Rates.MOST));
    }

    private static long checked(String field, @Nullable Long value, long most) {
        if (value == null) {
            return 0;
        }
        if (value < 0 || value > most) {
            throw SeedbedException.invalid(
                    field, "%s out of range: %d (expected: 0..%d)".formatted(field, value, most));
        }
        return value;
    }
}
