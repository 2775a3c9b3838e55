package dev.seedbed.controlplane.quota;

/** A reservation leaves PENDING exactly once. */
public enum ReservationState {
    /** Holds its budgets; its owner renews it. */
    PENDING,
    /** Settled with work. */
    POSTED,
    /** Settled without any work. */
    VOIDED,
    /** Its owner was gone: what it had posted at its last checkpoint stands. */
    EXPIRED
}
