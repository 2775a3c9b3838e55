package dev.seedbed.controlplane.audit;

import dev.seedbed.controlplane.wire.RequestId;

/**
 * Who asks for a change, and in which request. Controllers take it as a parameter.
 *
 * @param actor {@code admin} for the holder of the admin token
 */
public record Operator(String actor, RequestId requestId) {}
