package dev.seedbed.controlplane.model.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A model as the admin API and the audit log show it. */
@Schema(name = "Model")
record ModelFacts(
        String name,

        @JsonProperty("is_default") @Schema(description = "Answers requests that name no model")
        boolean isDefault,

        @JsonProperty("default_version")
        @Schema(description = "Answers requests for the model's name; null until one is registered")
        @Nullable
        String defaultVersion,

        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("update_time") Instant updateTime) {

    static ModelFacts of(Catalogue catalogue, CatalogueModel model) {
        return new ModelFacts(
                model.name(),
                model.isDefault(),
                catalogue
                        .version(model.defaultVersionId())
                        .map(CatalogueVersion::name)
                        .orElse(null),
                model.createTime(),
                model.updateTime());
    }

    String path() {
        return "models/" + name;
    }
}
