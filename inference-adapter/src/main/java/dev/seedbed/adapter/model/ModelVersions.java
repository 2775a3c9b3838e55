package dev.seedbed.adapter.model;

import dev.seedbed.adapter.model.ModelVersionStatus.State;
import dev.seedbed.adapter.triton.ModelIndexEntry;
import dev.seedbed.adapter.triton.TritonClient;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Loads, unloads and reports versions. A version serves only if both the engine and the adapter can read it. */
@Component
public class ModelVersions {

    private static final Logger log = LoggerFactory.getLogger(ModelVersions.class);

    private final ModelRepository repository;
    private final TritonClient triton;

    public ModelVersions(ModelRepository repository, TritonClient triton) {
        this.repository = repository;
        this.triton = triton;
    }

    /** Returns when the version serves. */
    public ModelVersionStatus load(String name) {
        ModelVersion version = repository.find(name);
        triton.load(name);
        log.info("loaded model version {}", name);
        return new ModelVersionStatus(name, State.READY, "", version.contract());
    }

    /** Returns when the version takes no new requests. Harmless if it was not loaded. */
    public void unload(String name) {
        if (!repository.exists(name)) {
            throw new AdapterException(ErrorCode.MODEL_NOT_FOUND, "model version not found: " + name);
        }
        triton.unload(name);
        log.info("unloaded model version {}", name);
    }

    public List<ModelVersionStatus> list() {
        return triton.index().stream().map(this::status).toList();
    }

    private ModelVersionStatus status(ModelIndexEntry entry) {
        ModelContract contract;
        try {
            contract = repository.find(entry.name()).contract();
        } catch (AdapterException unusable) {
            return new ModelVersionStatus(entry.name(), State.FAILED, String.valueOf(unusable.getMessage()), null);
        }
        State state = switch (entry.state()) {
            case SERVING -> State.READY;
            case CHANGING, UNLOADED -> State.UNLOADED;
            case REFUSED -> State.FAILED;
        };
        return new ModelVersionStatus(entry.name(), state, entry.reason(), contract);
    }
}
