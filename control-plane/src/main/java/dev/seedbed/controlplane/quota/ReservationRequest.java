package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;

/**
 * One of several reservations of a transaction.
 *
 * @param wanted without a place of {@link Unit#CONCURRENT_REQUEST}, of which it takes one where they are limited
 */
public record ReservationRequest(RequestId id, Caller caller, Amounts wanted) {}
