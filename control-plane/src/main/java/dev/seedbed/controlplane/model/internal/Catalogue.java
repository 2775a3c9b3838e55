package dev.seedbed.controlplane.model.internal;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Every model and version, as of one moment. There are few of them, so that decisions see the whole. */
record Catalogue(List<CatalogueModel> models, List<CatalogueVersion> versions) {

    static final Catalogue EMPTY = new Catalogue(List.of(), List.of());

    Catalogue {
        models = models.stream()
                .sorted(Comparator.comparing(CatalogueModel::name))
                .toList();
        versions = versions.stream()
                .sorted(Comparator.comparing(CatalogueVersion::name))
                .toList();
    }

    Optional<CatalogueModel> model(String name) {
        return models.stream().filter(m -> m.name().equals(name)).findFirst();
    }

    CatalogueModel modelOf(CatalogueVersion version) {
        return models.stream()
                .filter(m -> m.id().equals(version.modelId()))
                .findFirst()
                .orElseThrow();
    }

    Optional<CatalogueModel> defaultModel() {
        return models.stream().filter(CatalogueModel::isDefault).findFirst();
    }

    Optional<CatalogueVersion> version(String name) {
        return versions.stream().filter(v -> v.name().equals(name)).findFirst();
    }

    Optional<CatalogueVersion> version(@Nullable UUID id) {
        return versions.stream().filter(v -> v.id().equals(id)).findFirst();
    }

    boolean isDefault(CatalogueVersion version) {
        return version.id().equals(modelOf(version).defaultVersionId());
    }
}
