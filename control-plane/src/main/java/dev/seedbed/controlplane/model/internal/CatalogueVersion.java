package dev.seedbed.controlplane.model.internal;

import java.time.Instant;
import java.util.UUID;

/**
 * A version in the catalogue.
 *
 * @param positionsPerToken positions evaluated per output token, rounded up
 */
record CatalogueVersion(
        UUID id,
        UUID modelId,
        String name,
        int positionsPerToken,
        WantedState wanted,
        Instant createTime,
        Instant updateTime) {

    CatalogueVersion withWanted(WantedState value, Instant now) {
        return new CatalogueVersion(id, modelId, name, positionsPerToken, value, createTime, now);
    }

    CatalogueVersion withPositionsPerToken(int value, Instant now) {
        return new CatalogueVersion(id, modelId, name, value, wanted, createTime, now);
    }
}
