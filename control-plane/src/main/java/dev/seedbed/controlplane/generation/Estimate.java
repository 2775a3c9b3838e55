package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How much a generation may need: what admission reserves and the engine is bounded by. Pure. */
final class Estimate {

    /** Blocks of slack: the round that holds the prompt's end, and rounds cut short at the output's end. */
    private static final int SLACK_BLOCKS = 4;

    private Estimate() {}

    static Amounts of(ModelVersion version, @Nullable PriceList prices, int inputTokens, int maxTokens) {
        var positions = positions(version, inputTokens, maxTokens);
        var work = Amounts.of(Map.of(
                Unit.REQUEST, 1L,
                Unit.INPUT_TOKEN, (long) inputTokens,
                Unit.CACHED_INPUT_TOKEN, (long) inputTokens,
                Unit.OUTPUT_TOKEN, (long) maxTokens,
                Unit.POSITION, positions));
        return prices == null
                ? work
                : work.plus(
                        Amounts.of(Map.of(prices.unit(), prices.rates().atMost(inputTokens, maxTokens, positions))));
    }

    /** So many positions and what they cost. */
    static Amounts more(@Nullable PriceList prices, long positions) {
        var work = Amounts.of(Map.of(Unit.POSITION, positions));
        return prices == null
                ? work
                : work.plus(Amounts.of(Map.of(prices.unit(), prices.rates().more(0, 0, positions))));
    }

    /** @param contextTokens prompt and output so far, which a dispatch prefills */
    static long positions(ModelVersion version, long contextTokens, long outputTokens) {
        return contextTokens
                + version.positionsPerToken() * outputTokens
                + (long) SLACK_BLOCKS * version.maxBlockSize();
    }
}
