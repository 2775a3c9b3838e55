package dev.seedbed.controlplane.quota;

import java.util.List;

/** What became of a {@link ReservationRequest}. */
public sealed interface ReservationOutcome {

    /** @param budgets afterwards */
    record Reserved(List<Budget> budgets) implements ReservationOutcome {}

    /** Nothing has changed. */
    record Refused(AdmissionRefused refusal) implements ReservationOutcome {}

    /** Nothing has changed, since others have some of its budgets locked, or a window has to be opened first: only {@link Locking#SKIP}. */
    record Contended() implements ReservationOutcome {}
}
