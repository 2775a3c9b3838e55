package dev.seedbed.controlplane.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The catalogue of models and versions, as the request path sees it. */
public interface Models {
    /**
     * The version that answers a request now. A version's own name ({@code seedling-v1}) pins it; a model's name resolves to its
     * default version; null or empty resolves to the default model.
     *
     * @throws dev.seedbed.controlplane.wire.SeedbedException MODEL_NOT_FOUND, or MODEL_UNAVAILABLE if the version is not loaded
     */
    ModelVersion resolve(@Nullable String name);

    /** Every loaded version, default versions first. */
    List<ModelVersion> serving();
}
