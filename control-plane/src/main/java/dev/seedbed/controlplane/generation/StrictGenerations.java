package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Locking;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationOutcome;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.GenerationRecords.Ended;
import dev.seedbed.controlplane.usage.GenerationRecords.Later;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.RequestId;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Generations whose admission is durable before they are dispatched, and whose settlement before anybody hears of their end. What
 * several of them wait for at the same time is committed in one transaction. Such a group waits for nobody's locks: who needs some that are held
 * elsewhere comes into a later group, and after a few takes a transaction of its own.
 */
final class StrictGenerations {

    private static final int GROUPS = 4;

    private final TransactionTemplate transaction;
    private final Quotas quotas;
    private final UsageLedger ledger;
    private final GenerationRecords records;
    private final long ownerEpoch;
    private final LeasedGenerations leased;
    private final TenantLanes lanes = new TenantLanes();
    private final DistributionSummary groupSizes;
    private final GroupCommit<Step, Outcome> groups = new GroupCommit<>(this::commitTogether);

    StrictGenerations(
            TransactionTemplate transaction,
            Quotas quotas,
            UsageLedger ledger,
            GenerationRecords records,
            long ownerEpoch,
            LeasedGenerations leased,
            MeterRegistry meters) {
        this.transaction = transaction;
        this.quotas = quotas;
        this.ledger = ledger;
        this.records = records;
        this.ownerEpoch = ownerEpoch;
        this.leased = leased;
        this.groupSizes = DistributionSummary.builder("seedbed.accounting.group")
                .description("Admissions and settlements that were committed together")
                .register(meters);
    }

    /** What one generation waits for. */
    private sealed interface Step {

        record Admission(Candidate candidate) implements Step {}

        record Settlement(RequestId id, Bill bill, Ended ended) implements Step {}
    }

    private sealed interface Outcome {

        record Admitted(List<Budget> budgets) implements Outcome {}

        record Settled(Posting posting) implements Outcome {}

        record Failed(RuntimeException failure) implements Outcome {}

        /** Others hold locks that it needs. */
        record Contended() implements Outcome {}

        /** Its group could not be committed, by nobody knows whose fault; or there may be more to lease for it. */
        record Alone() implements Outcome {}
    }

    /** @return the budgets afterwards */
    List<Budget> admit(Candidate candidate) {
        var outcome = leased.mayGrow(candidate) ? new Outcome.Alone() : inGroups(new Step.Admission(candidate));
        return switch (outcome) {
            case Outcome.Admitted(var budgets) -> budgets;
            case Outcome.Failed(var failure) -> throw failure;
            default ->
                lanes.in(
                        candidate.caller().tenantId(),
                        () -> leased.admitAfterAll(candidate).orElseGet(() -> admitAlone(candidate, candidate.step())));
        };
    }

    /** As {@link #admit}, with a step that others cannot be taken with. */
    List<Budget> admit(Candidate candidate, AdmissionStep first) {
        return lanes.in(candidate.caller().tenantId(), () -> admitAlone(candidate, steps -> first.apply()));
    }

    Posting settle(RequestId id, TenantId tenant, Bill bill, Ended ended) {
        return switch (inGroups(new Step.Settlement(id, bill, ended))) {
            case Outcome.Settled(var posting) -> posting;
            case Outcome.Failed(var failure) -> throw failure;
            default -> lanes.in(tenant, () -> settleAlone(id, bill, ended));
        };
    }

    void extend(RequestId id, TenantId tenant, Amounts more) {
        lanes.in(tenant, () -> inTransaction(() -> quotas.extend(id, ownerEpoch, more)));
    }

    /** How many admissions and settlements wait for the group before them. */
    int waiting() {
        return groups.waiting();
    }

    private Outcome inGroups(Step step) {
        var outcome = groups.commit(step);
        for (var n = 1; n < GROUPS && outcome instanceof Outcome.Contended; n++) {
            outcome = groups.commit(step);
        }
        return outcome;
    }

    private List<Budget> admitAlone(Candidate candidate, AdmissionStep.Deferred step) {
        return inTransaction(() -> {
            step.applyAll(List.of(step));
            candidate.generation().renewed(System.nanoTime());
            var budgets = quotas.reserve(candidate.id(), candidate.caller(), ownerEpoch, candidate.wanted());
            records.open(List.of(opened(candidate, budgets)));
            return budgets;
        });
    }

    private Posting settleAlone(RequestId id, Bill bill, Ended ended) {
        return inTransaction(() -> {
            var posting = quotas.settle(id, ownerEpoch, bill.amounts());
            ledger.append(List.of(posting));
            records.close(Map.of(id, ended));
            return posting;
        });
    }

    private <T> T inTransaction(Supplier<T> step) {
        return Objects.requireNonNull(transaction.execute(status -> step.get()));
    }

    private static Later opened(Candidate candidate, List<Budget> budgets) {
        return new Later(candidate.admitted().apply(budgets), Duration.ZERO, Work.NONE, null, null);
    }

    private List<Outcome> commitTogether(List<Step> steps) {
        groupSizes.record(steps.size());
        var group = new Group(steps);
        group.askAllowances();
        try {
            group.commit();
        } catch (RuntimeException e) {
            group.failed(e);
        }
        return group.outcomes();
    }

    /** The steps of one transaction. */
    private final class Group {

        private final List<Step> steps;
        private final Map<Step, Outcome> outcomes = new IdentityHashMap<>();

        Group(List<Step> steps) {
            this.steps = steps;
        }

        /** While they waited, others of their key may have brought one. */
        void askAllowances() {
            for (var one : open(Step.Admission.class)) {
                leased.admit(one.candidate()).ifPresent(budgets -> outcomes.put(one, new Outcome.Admitted(budgets)));
            }
        }

        /** Settlements first, since they make room. */
        void commit() {
            var settlements = open(Step.Settlement.class);
            var admissions = open(Step.Admission.class);
            if (settlements.isEmpty() && admissions.isEmpty()) {
                return;
            }
            var committed = transaction.execute(status -> {
                var written = new IdentityHashMap<Step, Outcome>();
                var changes = settle(settlements, written) | admit(admissions, written);
                if (!changes) {
                    // A flood of refusals is no flood of commits.
                    status.setRollbackOnly();
                }
                return written;
            });
            outcomes.putAll(Objects.requireNonNull(committed));
        }

        void failed(RuntimeException e) {
            var open = open(Step.class);
            var outcome = open.size() == 1 || DatabaseFailure.mayPass(e) ? new Outcome.Failed(e) : new Outcome.Alone();
            open.forEach(step -> outcomes.put(step, outcome));
        }

        List<Outcome> outcomes() {
            return steps.stream()
                    .map(step -> outcomes.getOrDefault(step, new Outcome.Contended()))
                    .toList();
        }

        private <T extends Step> List<T> open(Class<T> kind) {
            return steps.stream()
                    .filter(step -> kind.isInstance(step) && !outcomes.containsKey(step))
                    .map(kind::cast)
                    .toList();
        }

        private boolean settle(List<Step.Settlement> settlements, Map<Step, Outcome> written) {
            if (settlements.isEmpty()) {
                return false;
            }
            var cumulative = new HashMap<RequestId, Amounts>();
            settlements.forEach(one -> cumulative.put(one.id(), one.bill().amounts()));
            var postings = quotas.settle(cumulative, ownerEpoch, Locking.SKIP).stream()
                    .collect(Collectors.toMap(Posting::requestId, posting -> posting));
            ledger.append(postings.values());
            var ended = new HashMap<RequestId, Ended>();
            for (var one : settlements) {
                var posting = postings.get(one.id());
                if (posting != null) {
                    ended.put(one.id(), one.ended());
                    written.put(one, new Outcome.Settled(posting));
                }
            }
            records.close(ended);
            return !ended.isEmpty();
        }

        private boolean admit(List<Step.Admission> admissions, Map<Step, Outcome> written) {
            if (admissions.isEmpty()) {
                return false;
            }
            admissions.forEach(one -> one.candidate().generation().renewed(System.nanoTime()));
            var reserved = quotas.reserve(
                    admissions.stream().map(one -> one.candidate().request()).toList(), ownerEpoch, Locking.SKIP);
            var opened = new ArrayList<Later>();
            var deferred = new ArrayList<AdmissionStep.Deferred>();
            for (var i = 0; i < admissions.size(); i++) {
                var one = admissions.get(i);
                switch (reserved.get(i)) {
                    case ReservationOutcome.Reserved(var budgets) -> {
                        opened.add(opened(one.candidate(), budgets));
                        deferred.add(one.candidate().step());
                        written.put(one, new Outcome.Admitted(budgets));
                    }
                    case ReservationOutcome.Refused(var refusal) -> written.put(one, new Outcome.Failed(refusal));
                    case ReservationOutcome.Contended() -> written.put(one, new Outcome.Contended());
                }
            }
            records.open(opened);
            AdmissionStep.Deferred.applyTogether(deferred);
            return !opened.isEmpty();
        }
    }
}
