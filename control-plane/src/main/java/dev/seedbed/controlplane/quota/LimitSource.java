package dev.seedbed.controlplane.quota;

/** Where a limit in force comes from. */
public enum LimitSource {
    /** Set for the subject itself. */
    OWN,
    /** Of the subject's plan. */
    PLAN,
    /** Of neither: what every tenant has. */
    DEFAULT
}
