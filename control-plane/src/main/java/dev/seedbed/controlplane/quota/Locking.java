package dev.seedbed.controlplane.quota;

/** What a transaction does about rows that another one has locked. */
public enum Locking {
    /** Waits for them. */
    WAIT,
    /** Leaves alone what needs them, so that nobody's locks hold up the rest. */
    SKIP
}
