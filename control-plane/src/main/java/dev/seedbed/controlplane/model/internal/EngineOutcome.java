package dev.seedbed.controlplane.model.internal;

/** What came of asking the engine to load or unload a version. */
sealed interface EngineOutcome {

    record Done() implements EngineOutcome {}

    /** The engine answered no; asking again without a change is of little use. */
    record Refused(String reason) implements EngineOutcome {}

    /** There was no answer. */
    record Away(String reason) implements EngineOutcome {}
}
