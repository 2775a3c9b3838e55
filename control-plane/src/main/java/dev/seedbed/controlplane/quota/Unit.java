package dev.seedbed.controlplane.quota;

/** What is counted and limited. Names are those of the ledger and of the admin APIs. */
public enum Unit {
    /** One admitted request that was dispatched. */
    REQUEST(false),
    /** Tokens of the prompt, reused ones included. */
    INPUT_TOKEN(false),
    /** Part of INPUT_TOKEN whose KV was reused. */
    CACHED_INPUT_TOKEN(false),
    /** Committed tokens, up to and including the first end token. */
    OUTPUT_TOKEN(true),
    /** Rows evaluated in forward passes. */
    POSITION(true);

    private final boolean closedByDefault;

    Unit(boolean closedByDefault) {
        this.closedByDefault = closedByDefault;
    }

    /** Whether a tenant for whom no limit was ever set has a limit of 0; otherwise it has none. */
    public boolean closedByDefault() {
        return closedByDefault;
    }
}
