package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.ReservationRequest;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.GenerationRecords.Admitted;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.function.Function;

/**
 * What waits to be admitted.
 *
 * @param admitted what its record says, under given budgets
 * @param step becomes durable with the record
 */
record Candidate(
        OpenGeneration generation,
        Caller caller,
        Amounts wanted,
        Function<List<Budget>, Admitted> admitted,
        AdmissionStep.Deferred step) {

    RequestId id() {
        return generation.id();
    }

    ReservationRequest request() {
        return new ReservationRequest(id(), caller, wanted);
    }
}
