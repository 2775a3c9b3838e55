package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.ModelContract;
import dev.seedbed.adapter.model.ModelVersionStatus;
import dev.seedbed.inference.v1.ModelVersion;
import dev.seedbed.inference.v1.ModelVersionState;

/** A version's status as {@code inference.v1} shows it. */
final class ModelVersionWire {

    private ModelVersionWire() {}

    static ModelVersion message(ModelVersionStatus status) {
        ModelVersion.Builder message = ModelVersion.newBuilder()
                .setName(status.name())
                .setState(
                        switch (status.state()) {
                            case READY -> ModelVersionState.MODEL_VERSION_STATE_READY;
                            case UNLOADED -> ModelVersionState.MODEL_VERSION_STATE_UNLOADED;
                            case FAILED -> ModelVersionState.MODEL_VERSION_STATE_FAILED;
                        })
                .setReason(status.reason());
        ModelContract contract = status.contract();
        if (contract != null) {
            message.setContextLength(contract.contextLength())
                    .setMaxBlockSize(contract.maxBlockSize())
                    .setDefaultOptions(KnobsWire.defaults(contract));
            contract.modes().forEach(mode -> message.addModes(KnobsWire.mode(mode)));
        }
        return message.build();
    }
}
