package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Locking;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationOutcome;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.GenerationRecords.Ended;
import dev.seedbed.controlplane.usage.GenerationRecords.Later;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What admissions, checkpoints and settlements write to budgets, ledger and records, in the caller's transaction. */
final class StrictWriting {

    private final Quotas quotas;
    private final UsageLedger ledger;
    private final GenerationRecords records;
    private final long ownerEpoch;

    StrictWriting(Quotas quotas, UsageLedger ledger, GenerationRecords records, long ownerEpoch) {
        this.quotas = quotas;
        this.ledger = ledger;
        this.records = records;
        this.ownerEpoch = ownerEpoch;
    }

    /** A generation's final work, and how its record is closed. */
    record Settlement(RequestId id, Bill bill, Ended ended) {}

    /** Reservations, records and deferred steps of those that are admitted. @return in the order of the candidates */
    List<ReservationOutcome> admit(List<Candidate> candidates, Locking locking) {
        if (candidates.isEmpty()) {
            return List.of();
        }
        candidates.forEach(candidate -> candidate.generation().renewed(System.nanoTime()));
        var outcomes =
                quotas.reserve(candidates.stream().map(Candidate::request).toList(), ownerEpoch, locking);
        var opened = new ArrayList<Later>();
        var steps = new ArrayList<AdmissionStep.Deferred>();
        for (var i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i) instanceof ReservationOutcome.Reserved(var budgets)) {
                var candidate = candidates.get(i);
                opened.add(new Later(candidate.admitted().apply(budgets), Duration.ZERO, Work.NONE, null, null));
                steps.add(candidate.step());
            }
        }
        records.open(opened);
        AdmissionStep.Deferred.applyTogether(steps);
        return outcomes;
    }

    /** @return the posting of each whose reservation exists and is not skipped */
    Map<RequestId, Posting> settle(List<Settlement> settlements, Locking locking) {
        if (settlements.isEmpty()) {
            return Map.of();
        }
        var cumulative = new HashMap<RequestId, Amounts>();
        settlements.forEach(one -> cumulative.put(one.id(), one.bill().amounts()));
        var postings = new HashMap<RequestId, Posting>();
        quotas.settle(cumulative, ownerEpoch, locking).forEach(posting -> postings.put(posting.requestId(), posting));
        ledger.append(postings.values());
        var ended = new HashMap<RequestId, Ended>();
        settlements.stream()
                .filter(one -> postings.containsKey(one.id()))
                .forEach(one -> ended.put(one.id(), one.ended()));
        records.close(ended);
        return postings;
    }

    /** @param cumulative work so far @return the state of each that exists and is not skipped */
    Map<RequestId, ReservationState> checkpoint(Map<RequestId, Bill> cumulative, Locking locking) {
        var amounts = new HashMap<RequestId, Amounts>();
        cumulative.forEach((id, bill) -> amounts.put(id, bill.amounts()));
        var postings = quotas.checkpoint(amounts, ownerEpoch, locking);
        ledger.append(postings);
        var work = new HashMap<RequestId, Work>();
        var states = new HashMap<RequestId, ReservationState>();
        for (var posting : postings) {
            var id = posting.requestId();
            states.put(id, posting.state());
            work.put(id, Objects.requireNonNull(cumulative.get(id)).work());
        }
        records.progress(work);
        return states;
    }
}
