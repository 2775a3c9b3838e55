package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;

/** A refused admission as the caller's error. */
public final class Refusal {

    private Refusal() {}

    public static SeedbedException of(AdmissionDecision.Refused refused) {
        var budget = refused.budget();
        var code = switch (refused.reason()) {
            case RATE -> ErrorCode.RATE_LIMIT_EXCEEDED;
            case HELD -> ErrorCode.BUDGET_RESERVED;
            case EXCEEDED -> ErrorCode.BUDGET_EXCEEDED;
        };
        var words = switch (refused.reason()) {
            case RATE -> "rate limit exceeded";
            case HELD -> "budget is held by requests in flight";
            case EXCEEDED -> "budget exceeded";
        };
        var window = budget.window().name().toLowerCase(Locale.ROOT);
        var facts = new LinkedHashMap<String, String>();
        facts.put("subjectKind", budget.subject().kindText());
        facts.put("unit", budget.unit().name());
        facts.put("window", window);
        facts.put("neededAmount", Long.toString(refused.wanted()));
        facts.put("availableAmount", Long.toString(budget.available()));
        facts.put("limitAmount", String.valueOf(budget.limit()));
        var error = new SeedbedException(
                        code,
                        "%s: %d %s needed at most (available: %d of %d; limit of the %s, window %s)"
                                .formatted(
                                        words,
                                        refused.wanted(),
                                        budget.unit(),
                                        budget.available(),
                                        budget.limit(),
                                        budget.subject().kindText(),
                                        window))
                .with(facts);
        Duration retryAfter = refused.retryAfter();
        return retryAfter == null ? error : error.retryAfter(retryAfter);
    }
}
