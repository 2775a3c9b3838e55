package dev.seedbed.controlplane.model;

import java.time.Instant;
import java.util.Set;

/**
 * A version that serves, pinned at admission.
 *
 * @param modelName what callers ask for, for example {@code seedling}
 * @param name the version's own name in the engine, for example {@code seedling-v1}
 * @param contextLengthTokens prompt and output together
 * @param modes lower-case names of the decode modes that the version offers
 * @param maxBlockSize largest block and draft a request may ask for, in positions
 * @param positionsPerToken measured positions evaluated per output token, rounded up: what admission reserves
 * @param defaults what it decodes with where a request says nothing
 * @param createTime of its registration
 */
public record ModelVersion(
        String modelName,
        String name,
        int contextLengthTokens,
        Set<String> modes,
        int maxBlockSize,
        int positionsPerToken,
        DefaultKnobs defaults,
        Instant createTime) {}
