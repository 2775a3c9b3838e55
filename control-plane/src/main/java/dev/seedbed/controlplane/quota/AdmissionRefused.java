package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;

/** An admission that a limit refused. */
public final class AdmissionRefused extends SeedbedException {

    private final transient List<Budget> budgets;

    AdmissionRefused(SeedbedException refusal, List<Budget> budgets) {
        super(refusal);
        this.budgets = budgets;
    }

    /** All of the caller's, as the admission found them and left them. */
    public List<Budget> budgets() {
        return budgets;
    }
}
