package dev.seedbed.controlplane.quota;

/** What a crash may lose of a limit's bookkeeping. Neither ever exceeds the limit. */
public enum Durability {
    /** Nothing: reservation and settlement are on disk before the engine and the client hear of them. Always for money. */
    STRICT,
    /** A heartbeat's work, which nobody would be billed for. */
    LEASED
}
