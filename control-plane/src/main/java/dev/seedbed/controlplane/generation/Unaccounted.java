package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.wire.RequestId;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Primary;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Admits everything, bills nobody and records nothing, so that {@code bench gateway} can tell what accounting costs. Only in profile
 * {@code unaccounted}.
 */
@Component
@Primary
@Profile("unaccounted")
class Unaccounted extends Accounting {

    private static final Logger log = LoggerFactory.getLogger(Unaccounted.class);

    Unaccounted(
            TransactionTemplate transaction,
            Pipelines pipelines,
            Quotas quotas,
            Leases leases,
            UsageLedger ledger,
            GenerationRecords records,
            MeterRegistry meters) {
        super(transaction, pipelines, quotas, leases, ledger, records, meters);
        log.warn("profile unaccounted is active: no limit holds and nobody is billed");
    }

    @Override
    List<Budget> reserve(
            OpenGeneration generation,
            GenerationCommand command,
            Caller caller,
            ModelVersion version,
            Amounts wanted,
            AdmissionStep first) {
        generation.renewed(System.nanoTime());
        return List.of();
    }

    @Override
    void extend(RequestId id, TenantId tenant, Amounts more) {}

    @Override
    void flush(Flush why) {}

    @Override
    Map<RequestId, ReservationState> checkpoint(Map<RequestId, Bill> cumulative) {
        var states = new HashMap<RequestId, ReservationState>();
        cumulative.keySet().forEach(id -> states.put(id, ReservationState.PENDING));
        return states;
    }

    @Override
    void end(RequestId id, TenantId tenant, Bill bill, Ending ending, int dispatches, @Nullable Duration queueWait) {}
}
