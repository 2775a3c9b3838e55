package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.model.DefaultKnobs;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A version as the engine has it. What it offers is known once it is READY.
 *
 * @param reason why the last load was refused, in the engine's words
 * @param contextLengthTokens prompt and output together, 0 if unknown
 * @param modes lower-case names
 * @param maxBlockSize in positions, 0 if unknown
 */
record EngineVersion(
        String name,
        EngineState state,
        @Nullable String reason,
        int contextLengthTokens,
        Set<String> modes,
        int maxBlockSize,
        DefaultKnobs defaults) {

    static EngineVersion unknown(String name) {
        return new EngineVersion(name, EngineState.UNKNOWN, null, 0, Set.of(), 0, DefaultKnobs.UNTOLD);
    }
}
