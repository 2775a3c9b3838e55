package dev.seedbed.controlplane.model.internal;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A model in the catalogue.
 *
 * @param defaultVersionId answers requests for the model's name; null until the first version is registered
 * @param isDefault answers requests that name no model
 */
record CatalogueModel(
        UUID id,
        String name,
        @Nullable UUID defaultVersionId,
        boolean isDefault,
        Instant createTime,
        Instant updateTime) {

    CatalogueModel withDefaultVersion(UUID versionId, Instant now) {
        return new CatalogueModel(id, name, versionId, isDefault, createTime, now);
    }

    CatalogueModel withDefault(boolean value, Instant now) {
        return new CatalogueModel(id, name, defaultVersionId, value, createTime, now);
    }
}
