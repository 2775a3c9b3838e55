package dev.seedbed.controlplane.tenant.internal;

/** A deleted project stays as a row, because usage refers to it. */
enum ProjectState {
    ACTIVE,
    DELETED
}
