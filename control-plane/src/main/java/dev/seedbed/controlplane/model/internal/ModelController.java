package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.admin.Created;
import dev.seedbed.controlplane.audit.Operator;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1/models")
@Tag(name = "Models", description = "Names that callers ask for. Models and versions share one space of names.")
class ModelController {

    private final Administration administration;

    ModelController(Administration administration) {
        this.administration = administration;
    }

    @PostMapping
    @Operation(operationId = "registerModel", summary = "Registers a model; the first one becomes the default model")
    ResponseEntity<ModelFacts> register(@RequestBody ModelFields fields, Operator operator) {
        ModelFacts created = administration.registerModel(fields.name(), operator);
        return Created.at(created.path(), created);
    }

    @GetMapping
    @Operation(operationId = "listModels", summary = "Lists all models by name")
    ModelList list() {
        Catalogue catalogue = administration.catalogue();
        return new ModelList(catalogue.models().stream()
                .map(model -> ModelFacts.of(catalogue, model))
                .toList());
    }

    @GetMapping("/{model}")
    @Operation(operationId = "getModel", summary = "Shows a model")
    ModelFacts get(@PathVariable("model") String name) {
        Catalogue catalogue = administration.catalogue();
        return ModelFacts.of(catalogue, CatalogueDecision.model(catalogue, name));
    }

    @PostMapping("/{model}:makeDefault")
    @Operation(operationId = "makeDefaultModel", summary = "Lets a model answer requests that name none")
    ModelFacts makeDefault(@PathVariable("model") String name, Operator operator) {
        return administration.makeDefaultModel(name, operator);
    }

    record ModelFields(
            @Schema(
                    description = "1 to 63 of a-z, 0-9, '.', '_', '-', not beginning with a sign",
                    requiredMode = Schema.RequiredMode.REQUIRED)
            @Nullable
            String name) {}

    record ModelList(List<ModelFacts> models) {}
}
