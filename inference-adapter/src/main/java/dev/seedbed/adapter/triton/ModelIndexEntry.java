package dev.seedbed.adapter.triton;

/**
 * What Triton knows of one model in its repository.
 *
 * @param reason why it is in this state; may be empty
 */
public record ModelIndexEntry(String name, State state, String reason) {

    public enum State {
        SERVING,
        /** Loading, or finishing its last requests. */
        CHANGING,
        /** Never loaded, or unloaded on request. */
        UNLOADED,
        REFUSED
    }
}
