package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.AdmissionRefused;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One limit that holds for a caller, as headers and the usage API tell it.
 *
 * @param subject whose limit it is: {@code tenant}, {@code project} or {@code key}
 * @param window lower-case name of the span in which it counts; {@code ever}: the subject's whole life
 * @param limit in {@code unit}, >= 0
 * @param posted what was used and settled, in {@code unit}
 * @param reserved what requests in flight hold beyond what they have posted, in {@code unit}
 * @param remaining what admission can still give, in {@code unit}, 0..limit
 * @param reset from now until all of it is available again, if nobody uses any; null: never
 */
public record RateLimit(
        String subject,
        Unit unit,
        String window,
        long limit,
        long posted,
        long reserved,
        long remaining,
        @Nullable Duration reset) {

    private static final String TENANT = "tenant";
    private static final String EVER = "ever";

    /** Of budgets that have a limit; what is only counted limits nobody. */
    public static List<RateLimit> of(List<Budget> budgets) {
        return budgets.stream()
                .filter(budget -> budget.limit() != null)
                .map(RateLimit::of)
                .toList();
    }

    /**
     * What a failure knows of the limits itself, so that a flood of refusals is no flood of readings; null: nothing. An overloaded
     * replica tells none.
     */
    public static @Nullable List<RateLimit> toldBy(SeedbedException failure) {
        if (failure.code() == ErrorCode.OVERLOADED) {
            return List.of();
        }
        return failure instanceof AdmissionRefused refused ? of(refused.budgets()) : null;
    }

    private static RateLimit of(Budget budget) {
        return new RateLimit(
                budget.subject().kindText(),
                budget.unit(),
                budget.window().name().toLowerCase(Locale.ROOT),
                budget.limit() == null ? 0 : budget.limit(),
                budget.posted(),
                budget.reserved(),
                budget.available(),
                budget.resetIn());
    }

    /** Name among a caller's limits, for example {@code output-token} or {@code key-request-minute}. */
    String name() {
        var unitName = unit.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return (subject.equals(TENANT) ? "" : subject + "-") + unitName + (window.equals(EVER) ? "" : "-" + window);
    }
}
