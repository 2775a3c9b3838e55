package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationState;
import java.util.List;

/**
 * What taking a request's charge back changes. A calendar budget gets back all that was posted to it, also when its window is over;
 * a bucket only what has not sunk by itself. Pure.
 *
 * @param changes one for each line that had posted something
 * @param amounts what the ledger takes back; none: nothing is to be reversed
 */
public record ReversalDecision(List<LineChange> changes, Amounts amounts) {

    /** @param takenBack from the budget's posted amount, in its unit */
    public record LineChange(long budgetId, long takenBack) {}

    public static ReversalDecision decide(ReservationRow reservation) {
        if (reservation.state() == ReservationState.PENDING) {
            return new ReversalDecision(List.of(), Amounts.NONE);
        }
        var changes = reservation.lines().stream()
                .filter(line -> line.posted() > 0)
                .map(line -> new LineChange(
                        line.budget().id(),
                        line.budget().window().isBucket()
                                ? Math.min(line.posted(), line.budget().posted())
                                : line.posted()))
                .toList();
        return new ReversalDecision(changes, reservation.posted());
    }
}
