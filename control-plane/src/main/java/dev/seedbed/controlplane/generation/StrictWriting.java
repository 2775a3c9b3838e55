package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.database.Pipelines;
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

/**
 * What admissions, checkpoints and settlements write to budgets, ledger and records, in the caller's transaction. What is decided at a
 * time is written in one round trip.
 */
final class StrictWriting {

    private final Pipelines pipelines;
    private final Quotas quotas;
    private final UsageLedger ledger;
    private final GenerationRecords records;
    private final long ownerEpoch;

    StrictWriting(Pipelines pipelines, Quotas quotas, UsageLedger ledger, GenerationRecords records, long ownerEpoch) {
        this.pipelines = pipelines;
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
        var writes = pipelines.begin();
        var outcomes =
                quotas.reserve(candidates.stream().map(Candidate::request).toList(), ownerEpoch, locking, writes);
        var opened = new ArrayList<Later>();
        var steps = new ArrayList<AdmissionStep.Deferred>();
        for (var i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i) instanceof ReservationOutcome.Reserved(var budgets)) {
                var candidate = candidates.get(i);
                opened.add(new Later(candidate.admitted().apply(budgets), Duration.ZERO, Work.NONE, null, null));
                steps.add(candidate.step());
            }
        }
        records.open(opened, writes);
        AdmissionStep.Deferred.applyTogether(steps, writes);
        writes.send();
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
        var writes = pipelines.begin();
        quotas.settle(cumulative, ownerEpoch, locking, writes)
                .forEach(posting -> postings.put(posting.requestId(), posting));
        ledger.append(postings.values(), writes);
        var ended = new HashMap<RequestId, Ended>();
        settlements.stream()
                .filter(one -> postings.containsKey(one.id()))
                .forEach(one -> ended.put(one.id(), one.ended()));
        records.close(ended, writes);
        writes.send();
        return postings;
    }

    /** @param cumulative work so far @return the state of each that exists and is not skipped */
    Map<RequestId, ReservationState> checkpoint(Map<RequestId, Bill> cumulative, Locking locking) {
        var amounts = new HashMap<RequestId, Amounts>();
        cumulative.forEach((id, bill) -> amounts.put(id, bill.amounts()));
        var writes = pipelines.begin();
        var postings = quotas.checkpoint(amounts, ownerEpoch, locking, writes);
        ledger.append(postings, writes);
        var work = new HashMap<RequestId, Work>();
        var states = new HashMap<RequestId, ReservationState>();
        for (var posting : postings) {
            var id = posting.requestId();
            states.put(id, posting.state());
            work.put(id, Objects.requireNonNull(cumulative.get(id)).work());
        }
        records.progress(work, writes);
        writes.send();
        return states;
    }
}
