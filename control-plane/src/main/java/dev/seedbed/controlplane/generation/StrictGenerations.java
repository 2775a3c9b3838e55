package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.generation.StrictGroup.Outcome;
import dev.seedbed.controlplane.generation.StrictGroup.Step;
import dev.seedbed.controlplane.generation.StrictWriting.Settlement;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Locking;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationOutcome;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Generations whose admission is durable before they are dispatched, and whose settlement before anybody hears of their end. What
 * several of them wait for at the same time is committed in one transaction. Such a group waits for nobody's locks: who needs some that
 * are held elsewhere comes into a later group, and after a few takes a transaction of its own.
 */
final class StrictGenerations implements AutoCloseable {

    private static final int MOST_GROUPS = 4;

    private final TransactionTemplate transaction;
    private final Quotas quotas;
    private final long ownerEpoch;
    private final LeasedGenerations leased;
    private final StrictWriting writing;
    private final TenantLanes lanes = new TenantLanes();
    private final DistributionSummary groupSizes;
    private final Counter alone;
    private final GroupCommit<Step, Outcome> groups;

    StrictGenerations(
            TransactionTemplate transaction,
            Quotas quotas,
            StrictWriting writing,
            long ownerEpoch,
            LeasedGenerations leased,
            MeterRegistry meters) {
        this.transaction = transaction;
        this.quotas = quotas;
        this.ownerEpoch = ownerEpoch;
        this.leased = leased;
        this.writing = writing;
        this.groupSizes = DistributionSummary.builder("seedbed.accounting.group")
                .description("Admissions and settlements that were committed together")
                .register(meters);
        this.alone = Counter.builder("seedbed.accounting.alone")
                .description("Admissions and settlements that no group could take")
                .register(meters);
        this.groups = new GroupCommit<>("strict-groups", this::commit);
        Gauge.builder("seedbed.accounting.waiting", groups, GroupCommit::waiting)
                .description("Admissions and settlements that wait for the group before them")
                .register(meters);
    }

    private List<Outcome> commit(List<Step> steps) {
        groupSizes.record(steps.size());
        return StrictGroup.commit(steps, leased, transaction, writing);
    }

    @Override
    public void close() {
        groups.close();
    }

    /** @return the budgets afterwards; of one that is admitted from a lease after all, as the last heartbeat left them */
    List<Budget> admit(Candidate candidate) {
        return switch (leased.mayGrow(candidate) ? new Outcome.Alone() : inGroups(new Step.Admit(candidate))) {
            case Outcome.Admitted(var budgets) -> budgets;
            case Outcome.Failed(var failure) -> throw failure;
            default ->
                lanes.in(
                        candidate.caller().tenantId(),
                        () -> leased.admitAfterAll(candidate)
                                .orElseGet(() -> admitAlone(candidate, AdmissionStep.NONE)));
        };
    }

    /** As {@link #admit}. @param first cannot be taken together with those of others, and runs before the candidate's own */
    List<Budget> admit(Candidate candidate, AdmissionStep first) {
        return lanes.in(candidate.caller().tenantId(), () -> admitAlone(candidate, first));
    }

    private List<Budget> admitAlone(Candidate candidate, AdmissionStep first) {
        alone.increment();
        return inTransaction(() -> {
            first.apply();
            return switch (writing.admit(List.of(candidate), Locking.WAIT).getFirst()) {
                case ReservationOutcome.Reserved(var budgets) -> budgets;
                case ReservationOutcome.Refused(var refusal) -> throw refusal;
                case ReservationOutcome.Contended() ->
                    throw new IllegalStateException("no budgets: " + candidate.caller());
            };
        });
    }

    Posting settle(Settlement settlement, TenantId tenant) {
        return switch (inGroups(new Step.Settle(settlement))) {
            case Outcome.Settled(var posting) -> posting;
            case Outcome.Failed(var failure) -> throw failure;
            default -> lanes.in(tenant, () -> settleAlone(settlement));
        };
    }

    private Posting settleAlone(Settlement settlement) {
        alone.increment();
        return inTransaction(() -> {
            var posting = writing.settle(List.of(settlement), Locking.WAIT).get(settlement.id());
            if (posting == null) {
                throw new SeedbedException(ErrorCode.INTERNAL, "no reservation: " + settlement.id());
            }
            return posting;
        });
    }

    private Outcome inGroups(Step step) {
        var outcome = groups.commit(step);
        for (var n = 1; n < MOST_GROUPS && outcome instanceof Outcome.Contended; n++) {
            outcome = groups.commit(step);
        }
        return outcome;
    }

    /** Renews the reservations of open generations and posts their work so far. @return the state of each that has one */
    Map<RequestId, ReservationState> checkpoint(Map<RequestId, Bill> cumulative) {
        var left = new HashMap<>(cumulative);
        left.keySet().removeIf(leased::isUnrecorded);
        if (left.isEmpty()) {
            return Map.of();
        }
        var states = new HashMap<RequestId, ReservationState>();
        if (groups.commit(new Step.Checkpoint(Map.copyOf(left))) instanceof Outcome.Checked(var found)) {
            states.putAll(found);
            left.keySet().removeAll(found.keySet());
        }
        if (!left.isEmpty()) {
            states.putAll(inTransaction(() -> writing.checkpoint(left, Locking.WAIT)));
        }
        return states;
    }

    void extend(RequestId id, TenantId tenant, Amounts more) {
        lanes.in(tenant, () -> inTransaction(() -> quotas.extend(id, ownerEpoch, more)));
    }

    private <T> T inTransaction(Supplier<T> step) {
        return Objects.requireNonNull(transaction.execute(status -> step.get()));
    }
}
