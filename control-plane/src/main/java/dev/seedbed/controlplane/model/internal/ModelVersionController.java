package dev.seedbed.controlplane.model.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.admin.Created;
import dev.seedbed.controlplane.audit.Operator;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/models/{model}/versions")
@Tag(
        name = "Model versions",
        description = "What the engine loads. The wanted state is kept: an engine that restarts gets it again.")
class ModelVersionController {

    private final Administration administration;

    ModelVersionController(Administration administration) {
        this.administration = administration;
    }

    @PostMapping
    @Operation(
            operationId = "registerModelVersion",
            summary = "Registers a version, not loaded yet; a model's first one becomes its default version")
    ResponseEntity<VersionView> register(
            @PathVariable("model") String model, @RequestBody VersionFields fields, Operator operator) {
        VersionView created =
                administration.registerVersion(model, fields.name(), fields.positionsPerToken(), operator);
        return Created.at(created.path(), created);
    }

    @GetMapping
    @Operation(operationId = "listModelVersions", summary = "Lists a model's versions by name")
    VersionList list(@PathVariable("model") String modelName) {
        Catalogue catalogue = administration.catalogue();
        CatalogueModel model = CatalogueDecision.model(catalogue, modelName);
        return new VersionList(catalogue.versions().stream()
                .filter(version -> version.modelId().equals(model.id()))
                .map(version -> administration.view(catalogue, version))
                .toList());
    }

    @GetMapping("/{version}")
    @Operation(operationId = "getModelVersion", summary = "Shows a version and what the engine says of it")
    VersionView get(@PathVariable("model") String model, @PathVariable("version") String version) {
        return administration.view(administration.catalogue(), model, version);
    }

    @PatchMapping("/{version}")
    @Operation(
            operationId = "updateModelVersion",
            summary = "Changes what admission reserves per output token, from the next request on")
    VersionView update(
            @PathVariable("model") String model,
            @PathVariable("version") String version,
            @RequestBody VersionUpdate fields,
            Operator operator) {
        return administration.updateVersion(model, version, fields.positionsPerToken(), operator);
    }

    @PostMapping("/{version}:load")
    @Operation(
            operationId = "loadModelVersion",
            summary = "Loads a version and answers when it serves",
            description =
                    "409 `failed_precondition`: the engine refused, `engineReason` says why. 503: the engine does not answer."
                            + " Either way the version stays wanted and is tried again.")
    VersionView load(@PathVariable("model") String model, @PathVariable("version") String version, Operator operator) {
        return administration.want(model, version, WantedState.LOADED, operator);
    }

    @PostMapping("/{version}:unload")
    @Operation(
            operationId = "unloadModelVersion",
            summary = "Admits nothing more to a version; running generations finish")
    VersionView unload(
            @PathVariable("model") String model, @PathVariable("version") String version, Operator operator) {
        return administration.want(model, version, WantedState.UNLOADED, operator);
    }

    @PostMapping("/{version}:makeDefault")
    @Operation(operationId = "makeDefaultModelVersion", summary = "Lets a version answer requests for the model's name")
    VersionView makeDefault(
            @PathVariable("model") String model, @PathVariable("version") String version, Operator operator) {
        return administration.makeDefaultVersion(model, version, operator);
    }

    record VersionFields(
            @Schema(description = "Name in the engine's model repository", requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            String name,

            @JsonProperty("positions_per_token")
            @Schema(
                    description = "Measured positions evaluated per output token, rounded up, 1..1000",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            Integer positionsPerToken) {}

    record VersionUpdate(
            @JsonProperty("positions_per_token")
            @Schema(description = "1..1000", requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            Integer positionsPerToken) {}

    record VersionList(List<VersionView> versions) {}
}
