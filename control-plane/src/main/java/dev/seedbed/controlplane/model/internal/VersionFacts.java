package dev.seedbed.controlplane.model.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/** What is stored of a model version, as the admin API and the audit log show it. */
record VersionFacts(
        String name,
        String model,
        @JsonProperty("positions_per_token") int positionsPerToken,

        @JsonProperty("wanted_state") @Schema(description = "What the operator asked for; the engine follows")
        WantedState wantedState,

        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("update_time") Instant updateTime) {

    static VersionFacts of(Catalogue catalogue, CatalogueVersion version) {
        return new VersionFacts(
                version.name(),
                catalogue.modelOf(version).name(),
                version.positionsPerToken(),
                version.wanted(),
                version.createTime(),
                version.updateTime());
    }

    String path() {
        return "models/" + model + "/versions/" + name;
    }
}
