package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /v1/models}: what {@code model} may name and the key may ask for, models first by their own name, then pinned versions. */
@RestController
class ModelsController {

    private final Callers callers;
    private final Models models;

    ModelsController(Callers callers, Models models) {
        this.callers = callers;
        this.models = models;
    }

    /** OpenAI's list. */
    record Listed(String object, List<Model> data) {}

    /** @param created seconds since the epoch */
    record Model(String id, String object, long created, String owned_by) {}

    @GetMapping("/v1/models")
    Listed list(HttpServletRequest request) {
        var permissions = callers.require(request, Scope.MODELS_READ).permissions();
        return new Listed(
                "list",
                serving().entrySet().stream()
                        .filter(entry -> allows(permissions, entry.getValue()))
                        .map(entry -> model(entry.getKey(), entry.getValue()))
                        .toList());
    }

    @GetMapping("/v1/models/{id}")
    Model get(HttpServletRequest request, @PathVariable String id) {
        var permissions = callers.require(request, Scope.MODELS_READ).permissions();
        var version = serving().get(id);
        if (version == null) {
            throw new SeedbedException(
                    ErrorCode.MODEL_NOT_FOUND, "model not found: " + Fields.shown(id), "model", null);
        }
        if (!allows(permissions, version)) {
            throw new SeedbedException(
                    ErrorCode.PERMISSION_DENIED, "model not allowed for this key: " + Fields.shown(id), "model", null);
        }
        return model(id, version);
    }

    private static boolean allows(Permissions permissions, ModelVersion version) {
        return permissions.allowsModel(version.modelName(), version.name());
    }

    /** What answers to each name now. */
    private Map<String, ModelVersion> serving() {
        var serving = models.serving();
        var byName = new LinkedHashMap<String, ModelVersion>();
        serving.forEach(version -> byName.putIfAbsent(version.modelName(), version));
        serving.forEach(version -> byName.putIfAbsent(version.name(), version));
        return byName;
    }

    private static Model model(String id, ModelVersion version) {
        return new Model(id, "model", version.createTime().getEpochSecond(), "seedbed");
    }
}
