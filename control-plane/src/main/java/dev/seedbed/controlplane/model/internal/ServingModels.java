package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Answers from memory; the {@link Reconciler} publishes what it finds. */
@Component
class ServingModels implements Models {

    private volatile Snapshot snapshot = new Snapshot(Catalogue.EMPTY, EngineView.UNHEARD);

    /** One consistent view of catalogue and engine. */
    record Snapshot(Catalogue catalogue, EngineView engine) {}

    void publish(Snapshot next) {
        snapshot = next;
    }

    Snapshot snapshot() {
        return snapshot;
    }

    @Override
    public ModelVersion resolve(@Nullable String name) {
        Snapshot now = snapshot;
        CatalogueVersion version = name == null || name.isBlank() ? ofDefaultModel(now) : named(now, name);
        return serving(now, version).orElseThrow(() -> unavailable(now, version));
    }

    @Override
    public List<ModelVersion> serving() {
        Snapshot now = snapshot;
        return now.catalogue().versions().stream()
                .sorted(Comparator.comparing(version -> !now.catalogue().isDefault(version)))
                .flatMap(version -> serving(now, version).stream())
                .toList();
    }

    private static CatalogueVersion ofDefaultModel(Snapshot now) {
        return now.catalogue()
                .defaultModel()
                .flatMap(model -> now.catalogue().version(model.defaultVersionId()))
                .orElseThrow(() -> new SeedbedException(
                        ErrorCode.MODEL_NOT_FOUND, "model is missing, and there is no default model", "model", null));
    }

    private static CatalogueVersion named(Snapshot now, String name) {
        Optional<CatalogueModel> model = now.catalogue().model(name);
        if (model.isPresent()) {
            return model.flatMap(m -> now.catalogue().version(m.defaultVersionId()))
                    .orElseThrow(() -> new SeedbedException(
                            ErrorCode.MODEL_UNAVAILABLE, "model has no version yet: " + name, "model", null));
        }
        return now.catalogue()
                .version(name)
                .orElseThrow(() -> new SeedbedException(
                        ErrorCode.MODEL_NOT_FOUND, "model not found: " + Shown.name(name), "model", null));
    }

    /** A version that was told to unload is refused at once, though the engine may still finish generations on it. */
    private static Optional<ModelVersion> serving(Snapshot now, CatalogueVersion version) {
        EngineVersion engine = now.engine().version(version.name());
        if (engine.state() != EngineState.READY || version.wanted() != WantedState.LOADED) {
            return Optional.empty();
        }
        return Optional.of(new ModelVersion(
                now.catalogue().modelOf(version).name(),
                version.name(),
                engine.contextLengthTokens(),
                engine.modes(),
                engine.maxBlockSize(),
                version.positionsPerToken(),
                engine.defaults(),
                version.createTime()));
    }

    private static SeedbedException unavailable(Snapshot now, CatalogueVersion version) {
        String why = now.engine().heard()
                ? "model version is not loaded: "
                : "the inference adapter does not answer; model version: ";
        return new SeedbedException(ErrorCode.MODEL_UNAVAILABLE, why + version.name(), "model", null);
    }
}
