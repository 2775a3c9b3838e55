package dev.seedbed.controlplane.model.internal;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the engine last said.
 *
 * @param heard false: nothing recent, so that nothing is known of any version
 */
record EngineView(boolean heard, Map<String, EngineVersion> versions) {

    static final EngineView UNHEARD = new EngineView(false, Map.of());

    static EngineView of(List<EngineVersion> versions) {
        return new EngineView(
                true,
                versions.stream()
                        .collect(Collectors.toUnmodifiableMap(EngineVersion::name, Function.identity(), (a, b) -> a)));
    }

    EngineVersion version(String name) {
        return versions.getOrDefault(name, EngineVersion.unknown(name));
    }
}
