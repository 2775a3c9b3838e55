package dev.seedbed.controlplane.wire;

/** Who has to act on an error. */
public enum ErrorType {
    /** The caller sent something that can never work. */
    CALLER,
    /** The caller is not allowed. */
    POLICY,
    /** A limit or a capacity is used up. */
    RESOURCE,
    /** A process behind us failed or is away. */
    DOWNSTREAM,
    /** Our defect. */
    INTERNAL
}
