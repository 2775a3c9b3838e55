package dev.seedbed.controlplane.model.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A model version as the admin API shows it: what is stored and what the engine says. */
@Schema(name = "ModelVersion")
record VersionView(
        String name,
        String model,

        @JsonProperty("is_default") @Schema(description = "Answers requests for the model's name")
        boolean isDefault,

        @JsonProperty("positions_per_token")
        @Schema(description = "Positions evaluated per output token, rounded up: what admission reserves")
        int positionsPerToken,

        @JsonProperty("wanted_state") @Schema(description = "What the operator asked for; the engine follows")
        WantedState wantedState,

        @Schema(description = "What the engine says; UNKNOWN: it has no such version or does not answer")
        EngineState state,

        @Schema(description = "Why the last load was refused, in the engine's words") @Nullable
        String reason,

        @JsonProperty("context_length")
        @Schema(description = "Prompt and output together, in tokens; null while unknown")
        @Nullable
        Integer contextLength,

        @Schema(description = "Decode modes that the version offers")
        List<String> modes,

        @JsonProperty("max_block_size")
        @Schema(description = "Largest block and draft, in positions; null while unknown")
        @Nullable
        Integer maxBlockSize,

        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("update_time") Instant updateTime) {

    static VersionView of(
            Catalogue catalogue, CatalogueVersion version, EngineVersion engine, @Nullable String refusal) {
        VersionFacts facts = VersionFacts.of(catalogue, version);
        return new VersionView(
                facts.name(),
                facts.model(),
                catalogue.isDefault(version),
                facts.positionsPerToken(),
                facts.wantedState(),
                engine.state(),
                reason(engine, refusal),
                positiveOrNull(engine.contextLengthTokens()),
                engine.modes().stream().sorted().toList(),
                positiveOrNull(engine.maxBlockSize()),
                facts.createTime(),
                facts.updateTime());
    }

    String path() {
        return "models/" + model + "/versions/" + name;
    }

    private static @Nullable String reason(EngineVersion engine, @Nullable String refusal) {
        if (engine.state() == EngineState.READY) {
            return null;
        }
        return engine.reason() == null ? refusal : engine.reason();
    }

    private static @Nullable Integer positiveOrNull(int value) {
        return value > 0 ? value : null;
    }
}
