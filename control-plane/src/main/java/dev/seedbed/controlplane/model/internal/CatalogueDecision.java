package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a command makes of the catalogue. Pure: nothing is read or written.
 *
 * @param action for the audit log
 * @param models those that are new or changed
 * @param versions those that are new or changed
 */
record CatalogueDecision(String action, List<CatalogueModel> models, List<CatalogueVersion> versions) {

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final int MAX_POSITIONS_PER_TOKEN = 1000;

    boolean changesNothing() {
        return models.isEmpty() && versions.isEmpty();
    }

    /** The first model becomes the default one. */
    static CatalogueDecision registerModel(Catalogue catalogue, @Nullable String name, UUID id, Instant now) {
        String checked = freeName(catalogue, name);
        boolean first = catalogue.defaultModel().isEmpty();
        return new CatalogueDecision(
                "model.register", List.of(new CatalogueModel(id, checked, null, first, now, now)), List.of());
    }

    static CatalogueDecision makeDefaultModel(Catalogue catalogue, String modelName, Instant now) {
        CatalogueModel chosen = model(catalogue, modelName);
        if (chosen.isDefault()) {
            return new CatalogueDecision("model.make_default", List.of(), List.of());
        }
        // The old default first: at most one may exist at any statement.
        List<CatalogueModel> changed = new ArrayList<>();
        catalogue.defaultModel().ifPresent(old -> changed.add(old.withDefault(false, now)));
        changed.add(chosen.withDefault(true, now));
        return new CatalogueDecision("model.make_default", changed, List.of());
    }

    /** A model's first version becomes its default one. A new version is not wanted in the engine yet. */
    static CatalogueDecision registerVersion(
            Catalogue catalogue,
            String modelName,
            @Nullable String name,
            @Nullable Integer positionsPerToken,
            UUID id,
            Instant now) {
        CatalogueModel model = model(catalogue, modelName);
        var version = new CatalogueVersion(
                id,
                model.id(),
                freeName(catalogue, name),
                positions(positionsPerToken),
                WantedState.UNLOADED,
                now,
                now);
        return new CatalogueDecision(
                "model_version.register",
                model.defaultVersionId() == null ? List.of(model.withDefaultVersion(id, now)) : List.of(),
                List.of(version));
    }

    static CatalogueDecision want(
            Catalogue catalogue, String modelName, String versionName, WantedState wanted, Instant now) {
        CatalogueVersion version = version(catalogue, modelName, versionName);
        return new CatalogueDecision(
                wanted == WantedState.LOADED ? "model_version.load" : "model_version.unload",
                List.of(),
                version.wanted() == wanted ? List.of() : List.of(version.withWanted(wanted, now)));
    }

    static CatalogueDecision makeDefaultVersion(
            Catalogue catalogue, String modelName, String versionName, Instant now) {
        CatalogueVersion version = version(catalogue, modelName, versionName);
        CatalogueModel model = catalogue.modelOf(version);
        return new CatalogueDecision(
                "model_version.make_default",
                version.id().equals(model.defaultVersionId())
                        ? List.of()
                        : List.of(model.withDefaultVersion(version.id(), now)),
                List.of());
    }

    static CatalogueDecision update(
            Catalogue catalogue,
            String modelName,
            String versionName,
            @Nullable Integer positionsPerToken,
            Instant now) {
        CatalogueVersion version = version(catalogue, modelName, versionName);
        int checked = positions(positionsPerToken);
        return new CatalogueDecision(
                "model_version.update",
                List.of(),
                version.positionsPerToken() == checked
                        ? List.of()
                        : List.of(version.withPositionsPerToken(checked, now)));
    }

    static CatalogueModel model(Catalogue catalogue, String name) {
        return catalogue
                .model(name)
                .orElseThrow(() -> new SeedbedException(ErrorCode.NOT_FOUND, "model not found: " + Shown.name(name)));
    }

    static CatalogueVersion version(Catalogue catalogue, String modelName, String name) {
        CatalogueModel model = model(catalogue, modelName);
        return catalogue
                .version(name)
                .filter(v -> v.modelId().equals(model.id()))
                .orElseThrow(() -> new SeedbedException(
                        ErrorCode.NOT_FOUND, "model version not found: " + Shown.name(name) + " of " + model.name()));
    }

    /** Models and versions share one space of names, because callers use either in the same place. */
    private static String freeName(Catalogue catalogue, @Nullable String name) {
        if (name == null) {
            throw SeedbedException.invalid("name", "name is missing");
        }
        if (!NAME.matcher(name).matches()) {
            throw SeedbedException.invalid(
                    "name", "name is malformed: " + Shown.name(name) + " (expected: " + NAME + ")");
        }
        if (catalogue.model(name).isPresent() || catalogue.version(name).isPresent()) {
            throw new SeedbedException(ErrorCode.ALREADY_EXISTS, "name is taken: " + name, "name", null)
                    .with(Map.of("existingId", name));
        }
        return name;
    }

    private static int positions(@Nullable Integer value) {
        if (value == null) {
            throw SeedbedException.invalid("positions_per_token", "positions_per_token is missing");
        }
        if (value < 1 || value > MAX_POSITIONS_PER_TOKEN) {
            throw SeedbedException.invalid(
                    "positions_per_token",
                    "positions_per_token out of range: " + value + " (expected: 1.." + MAX_POSITIONS_PER_TOKEN + ")");
        }
        return value;
    }
}
