package dev.seedbed.controlplane.generation;

/** What becomes durable with an admission: runs first in its transaction, and is undone when nothing can be reserved. */
@FunctionalInterface
public interface AdmissionStep {

    AdmissionStep NONE = () -> {};

    /** Whatever it throws refuses the admission. */
    void apply();
}
