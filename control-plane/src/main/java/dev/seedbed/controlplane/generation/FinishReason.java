package dev.seedbed.controlplane.generation;

/** Why a generation that went well ended. */
public enum FinishReason {
    /** End token or stop text. */
    STOP,
    /** max_tokens or the work limit. */
    LENGTH
}
