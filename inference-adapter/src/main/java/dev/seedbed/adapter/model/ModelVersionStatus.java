package dev.seedbed.adapter.model;

import org.jspecify.annotations.Nullable;

/**
 * A version and whether the engine serves it.
 *
 * @param reason why it is in this state; may be empty
 * @param contract null if the version's files could not be read
 */
public record ModelVersionStatus(
        String name, State state, String reason, @Nullable ModelContract contract) {

    public enum State {
        READY,
        UNLOADED,
        FAILED
    }
}
