package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Map;
import org.hibernate.id.uuid.UuidVersion7Strategy;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/** What operators do with models: changes the catalogue, then has the engine follow. */
@Service
class Administration {

    private final StoredCatalogue catalogue;
    private final Reconciler reconciler;
    private final ServingModels serving;

    Administration(StoredCatalogue catalogue, Reconciler reconciler, ServingModels serving) {
        this.catalogue = catalogue;
        this.reconciler = reconciler;
        this.serving = serving;
    }

    Catalogue catalogue() {
        return catalogue.read();
    }

    ModelFacts registerModel(@Nullable String name, Operator operator) {
        var id = UuidVersion7Strategy.INSTANCE.generateUuid(null);
        Catalogue after = change((before, now) -> CatalogueDecision.registerModel(before, name, id, now), operator);
        return model(after, String.valueOf(name));
    }

    ModelFacts makeDefaultModel(String name, Operator operator) {
        return model(change((before, now) -> CatalogueDecision.makeDefaultModel(before, name, now), operator), name);
    }

    VersionView registerVersion(
            String model, @Nullable String name, @Nullable Integer positionsPerToken, Operator operator) {
        var id = UuidVersion7Strategy.INSTANCE.generateUuid(null);
        Catalogue after = change(
                (before, now) -> CatalogueDecision.registerVersion(before, model, name, positionsPerToken, id, now),
                operator);
        return view(after, model, String.valueOf(name));
    }

    VersionView updateVersion(String model, String name, @Nullable Integer positionsPerToken, Operator operator) {
        Catalogue after = change(
                (before, now) -> CatalogueDecision.update(before, model, name, positionsPerToken, now), operator);
        return view(after, model, name);
    }

    VersionView makeDefaultVersion(String model, String name, Operator operator) {
        Catalogue after =
                change((before, now) -> CatalogueDecision.makeDefaultVersion(before, model, name, now), operator);
        return view(after, model, name);
    }

    /** Records what is wanted, asks the engine and waits. What is wanted stays recorded if the engine refuses or is away. */
    VersionView want(String model, String name, WantedState wanted, Operator operator) {
        catalogue.change((before, now) -> CatalogueDecision.want(before, model, name, wanted, now), operator);
        EngineOutcome outcome = reconciler.drive(name, wanted);
        return switch (outcome) {
            case EngineOutcome.Done done -> view(catalogue.read(), model, name);
            case EngineOutcome.Refused refused ->
                throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "the engine refused: " + refused.reason())
                        .with(Map.of("engineReason", refused.reason()));
            case EngineOutcome.Away away ->
                throw new SeedbedException(
                                ErrorCode.MODEL_UNAVAILABLE,
                                "the engine does not answer; it follows when it is back: " + away.reason())
                        .with(Map.of("engineReason", away.reason()));
        };
    }

    VersionView view(Catalogue after, String model, String name) {
        return view(after, CatalogueDecision.version(after, model, name));
    }

    VersionView view(Catalogue after, CatalogueVersion version) {
        EngineVersion engine = serving.snapshot().engine().version(version.name());
        return VersionView.of(
                after, version, engine, reconciler.refusal(version.name()).orElse(null));
    }

    private static ModelFacts model(Catalogue after, String name) {
        return ModelFacts.of(after, CatalogueDecision.model(after, name));
    }

    private Catalogue change(StoredCatalogue.Command command, Operator operator) {
        Catalogue after = catalogue.change(command, operator);
        reconciler.refresh();
        return after;
    }
}
