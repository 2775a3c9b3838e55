package dev.seedbed.controlplane.model.internal;

/** What the engine says of a version. */
enum EngineState {
    /** Serves. */
    READY,
    /** Known to the engine, not loaded. */
    UNLOADED,
    /** The last load was refused. */
    FAILED,
    /** The engine does not know the version, or has not been heard of. */
    UNKNOWN
}
