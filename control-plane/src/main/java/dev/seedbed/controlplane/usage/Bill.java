package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.quota.Amounts;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Cumulative work of a generation and what it costs.
 *
 * @param prices pinned at admission; null: nothing
 */
public record Bill(Work work, @Nullable PriceList prices) {

    /** What is billed: nothing before the engine has evaluated a position. */
    public Amounts amounts() {
        var billed = work.billed();
        if (prices == null || billed.isNone()) {
            return billed;
        }
        var cost = prices.rates()
                .cost(work.inputTokens(), work.cachedInputTokens(), work.committedTokens(), work.positionsEvaluated());
        return billed.plus(Amounts.of(Map.of(prices.unit(), cost)));
    }
}
