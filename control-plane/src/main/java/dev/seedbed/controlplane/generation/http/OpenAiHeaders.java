package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Unit;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Locale;

/** What an admitted request's response says beside its body. Limits over a tenant's whole life have no reset. */
final class OpenAiHeaders {

    private OpenAiHeaders() {}

    static void write(HttpServletResponse response, List<Budget> budgets, long startedAtNanos) {
        response.setHeader("openai-processing-ms", Long.toString((System.nanoTime() - startedAtNanos) / 1_000_000));
        for (var budget : budgets) {
            if (budget.limit() == null) {
                continue;
            }
            if (budget.unit() == Unit.OUTPUT_TOKEN) {
                response.setHeader("x-ratelimit-limit-tokens", Long.toString(budget.limit()));
                response.setHeader("x-ratelimit-remaining-tokens", Long.toString(budget.available()));
            }
            if (budget.unit() == Unit.REQUEST) {
                response.setHeader("x-ratelimit-limit-requests", Long.toString(budget.limit()));
                response.setHeader("x-ratelimit-remaining-requests", Long.toString(budget.available()));
            }
            var name = budget.unit().name().toLowerCase(Locale.ROOT).replace('_', '-');
            response.addHeader("RateLimit-Policy", "\"%s\";q=%d".formatted(name, budget.limit()));
            response.addHeader("RateLimit", "\"%s\";r=%d".formatted(name, budget.available()));
        }
    }
}
