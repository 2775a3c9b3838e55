package dev.seedbed.controlplane.model.internal;

/** What the operator asked for. */
enum WantedState {
    LOADED,
    UNLOADED
}
