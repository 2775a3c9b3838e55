package dev.seedbed.controlplane.model.internal;

import java.util.List;
import java.util.function.Predicate;

/**
 * What brings the engine to what is wanted. Pure. Versions that the catalogue does not have are left alone.
 *
 * @param load names of versions to load
 * @param unload names of versions to unload
 */
record Reconciliation(List<String> load, List<String> unload) {

    /** @param mayLoad false while a version that was refused waits for its next try */
    static Reconciliation of(Catalogue catalogue, EngineView engine, Predicate<String> mayLoad) {
        if (!engine.heard()) {
            return new Reconciliation(List.of(), List.of());
        }
        return new Reconciliation(
                names(
                        catalogue,
                        WantedState.LOADED,
                        name -> engine.version(name).state() != EngineState.READY && mayLoad.test(name)),
                names(
                        catalogue,
                        WantedState.UNLOADED,
                        name -> engine.version(name).state() == EngineState.READY));
    }

    private static List<String> names(Catalogue catalogue, WantedState wanted, Predicate<String> condition) {
        return catalogue.versions().stream()
                .filter(version -> version.wanted() == wanted)
                .map(CatalogueVersion::name)
                .filter(condition)
                .toList();
    }
}
