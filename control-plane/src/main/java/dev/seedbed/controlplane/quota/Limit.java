package dev.seedbed.controlplane.quota;

import org.jspecify.annotations.Nullable;

/**
 * What a subject may use of a unit in a window.
 *
 * @param amount in {@code unit}, >= 0; null: counted, not limited
 */
public record Limit(Unit unit, Window window, @Nullable Long amount, Durability durability) {

    /** What a limit is of; a subject has at most one of each. */
    public record Key(Unit unit, Window window) {}

    public Key key() {
        return new Key(unit, window);
    }
}
