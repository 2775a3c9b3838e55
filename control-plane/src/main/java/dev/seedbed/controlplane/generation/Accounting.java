package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.GenerationRecords.Admitted;
import dev.seedbed.controlplane.usage.GenerationRecords.Ended;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The durable steps of a generation. Each is one transaction over budgets, ledger and record, unless the generation was admitted from
 * a lease.
 */
@Component
class Accounting implements AutoCloseable {

    private final TransactionTemplate transaction;
    private final Quotas quotas;
    private final GenerationRecords records;
    private final long ownerEpoch;
    private final LeasedGenerations leased;
    private final StrictGenerations strict;

    Accounting(
            TransactionTemplate transaction,
            Pipelines pipelines,
            Quotas quotas,
            Leases leases,
            UsageLedger ledger,
            GenerationRecords records,
            MeterRegistry meters) {
        this.transaction = transaction;
        this.quotas = quotas;
        this.records = records;
        this.ownerEpoch = quotas.newOwnerEpoch();
        this.leased = new LeasedGenerations(transaction, pipelines, leases, ledger, records, ownerEpoch);
        var writing = new StrictWriting(pipelines, quotas, ledger, records, ownerEpoch);
        this.strict = new StrictGenerations(transaction, quotas, writing, ownerEpoch, leased, meters);
    }

    /** After the last heartbeat. */
    @Override
    public void close() {
        strict.close();
    }

    /**
     * What the generation may spend is counted from here on, not from when it began to wait for its turn.
     *
     * @param first runs in the same transaction; may wait for others
     * @return the tenant's budgets afterwards; of a generation that is admitted from a lease, as the last heartbeat left them
     */
    List<Budget> reserve(
            OpenGeneration generation,
            GenerationCommand command,
            Caller caller,
            ModelVersion version,
            Amounts wanted,
            AdmissionStep first) {
        Function<List<Budget>, Admitted> admitted = budgets -> new Admitted(
                command.requestId(),
                caller,
                version.name(),
                generation.prices(),
                command.surface(),
                KnobsJson.of(command, wanted),
                LimitsJson.of(RateLimit.of(budgets)));
        var deferred = first.deferred();
        if (deferred == null) {
            return strict.admit(new Candidate(generation, caller, wanted, admitted, (steps, writes) -> {}), first);
        }
        var candidate = new Candidate(generation, caller, wanted, admitted, deferred);
        return leased.admit(candidate).orElseGet(() -> strict.admit(candidate));
    }

    void extend(RequestId id, TenantId tenant, Amounts more) {
        if (!leased.extend(id, more)) {
            strict.extend(id, tenant, more);
        }
    }

    /** Writes what happened to generations that were admitted from leases. */
    void flush(Flush why) {
        leased.flush(why);
    }

    /** Renews the reservations of open generations and posts their work so far. @return the state of each that exists */
    Map<RequestId, ReservationState> checkpoint(Map<RequestId, Bill> cumulative) {
        return strict.checkpoint(cumulative);
    }

    /** Settles a generation now, or with the next flush if it was admitted from a lease. */
    void end(RequestId id, TenantId tenant, Bill bill, Ending ending, int dispatches, @Nullable Duration queueWait) {
        if (!leased.end(id, bill, ending.of(bill.work(), dispatches, queueWait))) {
            settle(id, tenant, bill, ending, dispatches, queueWait);
        }
    }

    /** Settles a generation that has a reservation. */
    Posting settle(
            RequestId id, TenantId tenant, Bill bill, Ending ending, int dispatches, @Nullable Duration queueWait) {
        return strict.settle(
                new StrictWriting.Settlement(id, bill, ending.of(bill.work(), dispatches, queueWait)), tenant);
    }

    /** Resolves reservations whose owner is gone, and gives back what its leases hold. @return how many of both */
    int expireOverdue(int atMost) {
        return leased.expireOverdue(atMost) + expireReservations(atMost);
    }

    private int expireReservations(int atMost) {
        return inTransaction(() -> {
            var expired = quotas.expireOverdue(atMost);
            records.expire(expired);
            return expired.size();
        });
    }

    private <T> T inTransaction(Supplier<T> step) {
        return Objects.requireNonNull(transaction.execute(status -> step.get()));
    }

    /** How the record of a generation is closed. */
    record Ending(
            GenerationRecord.State state,
            @Nullable String reason,
            @Nullable String detail) {

        Ended of(Work work, int dispatches, @Nullable Duration queueWait) {
            return new Ended(state, reason, detail, work, dispatches, queueWait);
        }
    }
}
