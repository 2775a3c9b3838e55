package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.generation.StrictWriting.Settlement;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Locking;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.ReservationOutcome;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.transaction.support.TransactionTemplate;

/** What several generations wait for, in one transaction that waits for nobody's locks. */
final class StrictGroup {

    /** What one of them waits for. */
    sealed interface Step {

        record Admit(Candidate candidate) implements Step {}

        record Settle(Settlement settlement) implements Step {}

        /** Of a heartbeat: among the others, so that they do not lock budgets away from one another. */
        record Checkpoint(Map<RequestId, Bill> cumulative) implements Step {}
    }

    sealed interface Outcome {

        record Admitted(List<Budget> budgets) implements Outcome {}

        record Settled(Posting posting) implements Outcome {}

        /** @param states of those whose locks nobody else has */
        record Checked(Map<RequestId, ReservationState> states) implements Outcome {}

        record Failed(RuntimeException failure) implements Outcome {}

        /** Others hold locks that it needs. */
        record Contended() implements Outcome {}

        /** It cannot be taken with others: they have failed by nobody knows whose fault, or there may be more to lease for it. */
        record Alone() implements Outcome {}
    }

    private final List<Step> steps;
    private final Map<Step, Outcome> outcomes = new IdentityHashMap<>();

    private StrictGroup(List<Step> steps) {
        this.steps = steps;
    }

    /** @return in the order of the steps */
    static List<Outcome> commit(
            List<Step> steps, LeasedGenerations leased, TransactionTemplate transaction, StrictWriting writing) {
        var group = new StrictGroup(steps);
        group.askAllowances(leased);
        group.commit(transaction, writing);
        return steps.stream()
                .map(step -> Objects.requireNonNull(group.outcomes.get(step)))
                .toList();
    }

    /** While they waited, others of their key may have brought one. */
    private void askAllowances(LeasedGenerations leased) {
        for (var step : open(Step.Admit.class)) {
            var taken = leased.admit(step.candidate());
            if (taken.isPresent()) {
                outcomes.put(step, new Outcome.Admitted(taken.get()));
            } else if (leased.mayGrow(step.candidate())) {
                outcomes.put(step, new Outcome.Alone());
            }
        }
    }

    private void commit(TransactionTemplate transaction, StrictWriting writing) {
        var open = open(Step.class);
        if (open.isEmpty()) {
            return;
        }
        try {
            outcomes.putAll(Objects.requireNonNull(transaction.execute(status -> {
                var written = write(writing);
                if (written.values().stream().noneMatch(StrictGroup::changes)) {
                    // A flood of refusals is no flood of commits.
                    status.setRollbackOnly();
                }
                return written;
            })));
        } catch (RuntimeException e) {
            var outcome = open.size() == 1 || DatabaseFailure.mayPass(e) ? new Outcome.Failed(e) : new Outcome.Alone();
            open.forEach(step -> outcomes.put(step, outcome));
        }
    }

    private static boolean changes(Outcome outcome) {
        return !(outcome instanceof Outcome.Failed || outcome instanceof Outcome.Contended);
    }

    /** Settlements before admissions, since they make room. */
    private Map<Step, Outcome> write(StrictWriting writing) {
        var written = new IdentityHashMap<Step, Outcome>();
        for (var step : open(Step.Checkpoint.class)) {
            written.put(step, new Outcome.Checked(writing.checkpoint(step.cumulative(), Locking.SKIP)));
        }
        var settles = open(Step.Settle.class);
        var postings =
                writing.settle(settles.stream().map(Step.Settle::settlement).toList(), Locking.SKIP);
        for (var step : settles) {
            var posting = postings.get(step.settlement().id());
            written.put(step, posting == null ? new Outcome.Contended() : new Outcome.Settled(posting));
        }
        var admits = open(Step.Admit.class);
        var reserved = writing.admit(admits.stream().map(Step.Admit::candidate).toList(), Locking.SKIP);
        for (var i = 0; i < admits.size(); i++) {
            written.put(
                    admits.get(i),
                    switch (reserved.get(i)) {
                        case ReservationOutcome.Reserved(var budgets) -> new Outcome.Admitted(budgets);
                        case ReservationOutcome.Refused(var refusal) -> new Outcome.Failed(refusal);
                        case ReservationOutcome.Contended() -> new Outcome.Contended();
                    });
        }
        return written;
    }

    private <T extends Step> List<T> open(Class<T> kind) {
        return steps.stream()
                .filter(step -> kind.isInstance(step) && !outcomes.containsKey(step))
                .map(kind::cast)
                .toList();
    }
}
