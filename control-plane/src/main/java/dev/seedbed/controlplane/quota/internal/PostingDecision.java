package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Unit;
import java.util.EnumMap;
import java.util.List;

/**
 * What a checkpoint, a settlement or an expiry changes. Pure.
 *
 * @param state of the reservation afterwards
 * @param changes one for each line that changes
 * @param posted new work, the same for every line of a unit
 * @param loss work that goes on nobody's budget
 */
public record PostingDecision(ReservationState state, List<LineChange> changes, Amounts posted, Amounts loss) {

    /**
     * @param posted added to the posted amounts of line and budget
     * @param freed taken from the budget's reserved amount: what was posted of it and what is given back
     */
    public record LineChange(long budgetId, Unit unit, long posted, long freed) {}

    public boolean changesNothing(ReservationState before) {
        return state == before && changes.isEmpty() && loss.isNone();
    }

    /** Posts what is new in the cumulative work; the reservation goes on. A resolved one is left alone. */
    public static PostingDecision checkpoint(ReservationRow reservation, Amounts cumulative) {
        if (reservation.state() != ReservationState.PENDING) {
            return unchanged(reservation);
        }
        var posted = newWork(reservation, cumulative).atMost(room(reservation, false));
        return new PostingDecision(ReservationState.PENDING, changes(reservation, posted, false), posted, Amounts.NONE);
    }

    /**
     * Posts what is new and gives back the rest. After an expiry, the difference is posted as far as it was reserved and the
     * budgets still have room, since the expiry gave that room to others; what does not fit is loss. Any other resolved
     * reservation is left alone.
     */
    public static PostingDecision settle(ReservationRow reservation, Amounts cumulative) {
        return switch (reservation.state()) {
            case POSTED, VOIDED -> unchanged(reservation);
            case PENDING -> {
                var fresh = newWork(reservation, cumulative);
                var posted = fresh.atMost(room(reservation, false));
                var state = cumulative.isNone() && reservation.posted().isNone()
                        ? ReservationState.VOIDED
                        : ReservationState.POSTED;
                yield new PostingDecision(state, changes(reservation, posted, true), posted, fresh.minus(posted));
            }
            case EXPIRED -> {
                if (reservation.settledLate()) {
                    yield unchanged(reservation);
                }
                var fresh = newWork(reservation, cumulative);
                var posted = fresh.atMost(room(reservation, true));
                var changes = reservation.lines().stream()
                        .filter(line -> posted.get(line.unit()) > 0)
                        .map(line -> new LineChange(line.budget().id(), line.unit(), posted.get(line.unit()), 0))
                        .toList();
                yield new PostingDecision(ReservationState.EXPIRED, changes, posted, fresh.minus(posted));
            }
        };
    }

    /** Gives back all that was not posted by the last checkpoint. */
    public static PostingDecision expire(ReservationRow reservation) {
        if (reservation.state() != ReservationState.PENDING) {
            return unchanged(reservation);
        }
        return new PostingDecision(
                ReservationState.EXPIRED, changes(reservation, Amounts.NONE, true), Amounts.NONE, Amounts.NONE);
    }

    private static PostingDecision unchanged(ReservationRow reservation) {
        return new PostingDecision(reservation.state(), List.of(), Amounts.NONE, Amounts.NONE);
    }

    private static Amounts newWork(ReservationRow reservation, Amounts cumulative) {
        return cumulative.minus(reservation.posted());
    }

    private static Amounts room(ReservationRow reservation, boolean budgetsToo) {
        var room = new EnumMap<Unit, Long>(Unit.class);
        for (var line : reservation.lines()) {
            var here = budgetsToo ? Math.min(line.open(), line.available()) : line.open();
            room.merge(line.unit(), here, Math::min);
        }
        return Amounts.of(room);
    }

    private static List<LineChange> changes(ReservationRow reservation, Amounts posted, boolean resolves) {
        return reservation.lines().stream()
                .map(line -> {
                    var amount = posted.get(line.unit());
                    return new LineChange(line.budget().id(), line.unit(), amount, resolves ? line.open() : amount);
                })
                .filter(change -> change.posted() > 0 || change.freed() > 0)
                .toList();
    }
}
