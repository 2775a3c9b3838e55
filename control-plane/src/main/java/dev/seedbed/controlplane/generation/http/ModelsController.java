package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /v1/models}: what {@code model} may name, models first by their own name, then pinned versions. */
@RestController
class ModelsController {

    private final ApiKeys apiKeys;
    private final Models models;

    ModelsController(ApiKeys apiKeys, Models models) {
        this.apiKeys = apiKeys;
        this.models = models;
    }

    /** OpenAI's list. */
    record Listed(String object, List<Model> data) {}

    /** @param created seconds since the epoch */
    record Model(String id, String object, long created, String owned_by) {}

    @GetMapping("/v1/models")
    Listed list(HttpServletRequest request) {
        apiKeys.authenticate(request.getHeader("Authorization"));
        return new Listed("list", List.copyOf(byId().values()));
    }

    @GetMapping("/v1/models/{id}")
    Model get(HttpServletRequest request, @PathVariable String id) {
        apiKeys.authenticate(request.getHeader("Authorization"));
        var model = byId().get(id);
        if (model == null) {
            throw new SeedbedException(
                    ErrorCode.MODEL_NOT_FOUND, "model not found: " + Fields.shown(id), "model", null);
        }
        return model;
    }

    private Map<String, Model> byId() {
        var serving = models.serving();
        var models = new LinkedHashMap<String, Model>();
        serving.forEach(version -> models.putIfAbsent(version.modelName(), model(version.modelName(), version)));
        serving.forEach(version -> models.putIfAbsent(version.name(), model(version.name(), version)));
        return models;
    }

    private static Model model(String id, ModelVersion version) {
        return new Model(id, "model", version.createTime().getEpochSecond(), "seedbed");
    }
}
