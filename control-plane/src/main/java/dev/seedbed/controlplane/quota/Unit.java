package dev.seedbed.controlplane.quota;

/** What is counted and limited. Names are those of the ledger and of the admin APIs. */
public enum Unit {
    /** One admitted request that was dispatched. */
    REQUEST,
    /** Tokens of the prompt, reused ones included. */
    INPUT_TOKEN,
    /** Part of INPUT_TOKEN whose KV was reused. */
    CACHED_INPUT_TOKEN,
    /** Committed tokens, up to and including the first end token. */
    OUTPUT_TOKEN,
    /** Rows evaluated in forward passes. */
    POSITION,
    /** Millionths of a US dollar. */
    MICRO_USD,
    /** Millionths of a euro. */
    MICRO_EUR,
    /** A request while it is open: reserved, never posted, never in the ledger. */
    CONCURRENT_REQUEST;

    /** Whether a tenant for whom no limit of the unit was ever set has a limit of 0; otherwise it has none. */
    public boolean closedByDefault() {
        return this == OUTPUT_TOKEN || this == POSITION;
    }

    public boolean isMoney() {
        return this == MICRO_USD || this == MICRO_EUR;
    }

    /** Whether it is posted, and stands in the ledger. */
    public boolean isPosted() {
        return this != CONCURRENT_REQUEST;
    }
}
