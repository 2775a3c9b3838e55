package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a PATCH asks of a key. A field that is absent stays as it is; null lifts the bound that {@code models} or {@code expire_time} is. */
final class ApiKeyChange {

    @JsonProperty
    @Schema(description = "What the key is for, 1 to 100 characters")
    private @Nullable String name;

    @JsonProperty
    @Schema(
            type = "array",
            example = "[\"generate\", \"models.read\", \"usage.read\"]",
            description = "What the key may be used for")
    private @Nullable List<String> scopes;

    @JsonProperty
    @Schema(description = "Names of the models and versions that the key may ask for; null: all")
    private @Nullable List<String> models;

    @JsonProperty("expire_time")
    @Schema(description = "Refused from this moment on; null: never expires")
    private @Nullable Instant expireTime;

    private boolean modelsGiven;
    private boolean expireTimeGiven;

    @JsonProperty
    void setModels(@Nullable List<String> models) {
        this.models = models;
        this.modelsGiven = true;
    }

    @JsonProperty("expire_time")
    void setExpireTime(@Nullable Instant expireTime) {
        this.expireTime = expireTime;
        this.expireTimeGiven = true;
    }

    void setName(@Nullable String name) {
        this.name = name;
    }

    void setScopes(@Nullable List<String> scopes) {
        this.scopes = scopes;
    }

    KeySettings applyTo(KeySettings before, Instant now) {
        KeySettings after = before.withName(name).withScopes(scopes);
        after = modelsGiven ? after.withModels(models) : after;
        return expireTimeGiven ? after.withExpireTime(expireTime, now) : after;
    }
}
