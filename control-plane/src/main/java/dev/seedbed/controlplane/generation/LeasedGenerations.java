package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.quota.lease.LeasedRequest;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.lease.Taken;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.GenerationRecords;
import dev.seedbed.controlplane.usage.GenerationRecords.Admitted;
import dev.seedbed.controlplane.usage.GenerationRecords.Ended;
import dev.seedbed.controlplane.usage.GenerationRecords.Later;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Generations that were admitted from an allowance. What is durable of them at once in the strict way waits here for the next flush:
 * reservation, work, settlement, ledger and record of all of them are written together.
 */
final class LeasedGenerations {

    private final TransactionTemplate transaction;
    private final Pipelines pipelines;
    private final Leases leases;
    private final UsageLedger ledger;
    private final GenerationRecords records;
    private final long ownerEpoch;
    private final Map<RequestId, Leased> generations = new ConcurrentHashMap<>();

    /** Held by a flush. */
    private final ReentrantLock flushing = new ReentrantLock();

    LeasedGenerations(
            TransactionTemplate transaction,
            Pipelines pipelines,
            Leases leases,
            UsageLedger ledger,
            GenerationRecords records,
            long ownerEpoch) {
        this.transaction = transaction;
        this.pipelines = pipelines;
        this.leases = leases;
        this.ledger = ledger;
        this.records = records;
        this.ownerEpoch = ownerEpoch;
    }

    private static final class Leased {

        private final OpenGeneration generation;
        private final Admitted admitted;
        private final AdmissionStep.Deferred step;
        private final long admittedAtNanos = System.nanoTime();
        private volatile @Nullable LeasedRequest request;
        private volatile @Nullable End end;

        private record End(Bill bill, Ended ended, long atNanos) {}

        Leased(OpenGeneration generation, Admitted admitted, AdmissionStep.Deferred step) {
            this.generation = generation;
            this.admitted = admitted;
            this.step = step;
        }

        boolean isRecorded() {
            var taken = request;
            return taken != null && taken.isRecorded();
        }

        /** @throws NullPointerException it has not been taken yet */
        LeasedRequest request() {
            return Objects.requireNonNull(request);
        }

        Later later(Taken taken, Work workSoFar, long nowNanos) {
            var ending = taken.ended() ? end : null;
            var age = Duration.ofNanos(nowNanos - admittedAtNanos);
            return ending == null
                    ? new Later(admitted, age, workSoFar, null, null)
                    : new Later(
                            admitted,
                            age,
                            ending.ended().work(),
                            ending.ended(),
                            Duration.ofNanos(nowNanos - ending.atNanos()));
        }
    }

    /**
     * Admits a generation without the database.
     *
     * @return the budgets as the last heartbeat left them; empty: the database must be asked
     */
    Optional<List<Budget>> admit(Candidate candidate) {
        return leases.offer(candidate.caller()).flatMap(offer -> {
            var generation = candidate.generation();
            var leased = new Leased(generation, candidate.admitted().apply(offer.budgets()), candidate.step());
            generation.renewed(offer.renewedAtNanos());
            // Before it is taken: a flush that finds it must know it.
            generations.put(generation.id(), leased);
            leased.request = leases.take(generation.id(), candidate.caller(), candidate.wanted());
            if (leased.request == null) {
                generations.remove(generation.id());
                return Optional.empty();
            }
            return Optional.of(offer.budgets());
        });
    }

    /** Whether {@link #admitAfterAll} may find what {@link #admit} has not. */
    boolean mayGrow(Candidate candidate) {
        return leases.mayGrow(candidate.caller());
    }

    /**
     * As {@link #admit}, for one that has waited for its turn to ask the database: meanwhile others may have brought an allowance, and a
     * flush may bring more of it for all that wait. So a key that becomes busy costs a few transactions, however many requests it sends.
     */
    Optional<List<Budget>> admitAfterAll(Candidate candidate) {
        return admit(candidate).or(() -> {
            if (!mayGrow(candidate)) {
                return Optional.empty();
            }
            flushing.lock();
            try {
                return admit(candidate).or(() -> afterFlush(candidate));
            } finally {
                flushing.unlock();
            }
        });
    }

    private Optional<List<Budget>> afterFlush(Candidate candidate) {
        if (!mayGrow(candidate)) {
            return Optional.empty();
        }
        flush(Flush.DEMAND);
        var taken = admit(candidate);
        if (taken.isEmpty()) {
            leases.cannotGrow(candidate.caller());
        }
        return taken;
    }

    /** Whether the next flush makes its reservation. */
    boolean isUnrecorded(RequestId id) {
        var leased = generations.get(id);
        return leased != null && !leased.isRecorded();
    }

    /** @return whether more was taken; if not, the generation has a reservation now, if it is one of these, that can be extended */
    boolean extend(RequestId id, Amounts more) {
        var leased = generations.get(id);
        if (leased == null || leased.isRecorded()) {
            return false;
        }
        flushing.lock();
        try {
            if (leases.takeMore(leased.request(), more)) {
                return true;
            }
            flush(Flush.DEMAND);
            return false;
        } finally {
            flushing.unlock();
        }
    }

    /** @return false: it is none of these */
    boolean end(RequestId id, Bill bill, Ended ended) {
        var leased = generations.get(id);
        if (leased == null) {
            return false;
        }
        // Before it is told: a flush that finds the end must know it.
        leased.end = new Leased.End(bill, ended, System.nanoTime());
        leases.end(leased.request(), bill.amounts());
        return true;
    }

    /** Writes what has happened since the last flush. */
    void flush(Flush why) {
        flushing.lock();
        try {
            if (leases.standsSomethingInTheWay()) {
                transaction.executeWithoutResult(status -> leases.recall());
            }
            var startedAt = System.nanoTime();
            var round = leases.begin(why);
            var ended = endedWithReservation();
            if (round.isEmpty() && ended.isEmpty()) {
                return;
            }
            Leases.Written written;
            try {
                written = Objects.requireNonNull(transaction.execute(status -> write(round, ended)));
            } catch (RuntimeException e) {
                leases.failed(round);
                throw e;
            }
            leases.written(round, written);
            written(round, written, startedAt);
            generations.keySet().removeAll(ended.keySet());
        } finally {
            flushing.unlock();
        }
    }

    /** Gives back what leases of replicas hold that are gone. @return how many */
    int expireOverdue(int atMost) {
        return Objects.requireNonNull(transaction.execute(status -> leases.expireOverdue(atMost)));
    }

    private Map<RequestId, Leased.End> endedWithReservation() {
        var ended = new HashMap<RequestId, Leased.End>();
        generations.forEach((id, leased) -> {
            var end = leased.end;
            if (end != null && leased.isRecorded()) {
                ended.put(id, end);
            }
        });
        return ended;
    }

    private Leases.Written write(Leases.Round round, Map<RequestId, Leased.End> ended) {
        var now = System.nanoTime();
        var later = new HashMap<RequestId, Later>();
        var workSoFar = new HashMap<RequestId, Amounts>();
        for (var taken : round.requests()) {
            var leased = get(taken.id());
            var bill = leased.generation.bill();
            workSoFar.put(taken.id(), bill.amounts());
            later.put(taken.id(), leased.later(taken, bill.work(), now));
        }
        var cumulative = new HashMap<RequestId, Amounts>();
        var endings = new HashMap<RequestId, Ended>();
        ended.forEach((id, end) -> {
            cumulative.put(id, end.bill().amounts());
            endings.put(id, end.ended());
        });
        var written = leases.write(round, ownerEpoch, workSoFar, cumulative);
        var writes = pipelines.begin();
        ledger.append(written.postings(), writes);
        later.keySet().retainAll(written.made());
        records.open(List.copyOf(later.values()), writes);
        records.close(endings, writes);
        AdmissionStep.Deferred.applyTogether(
                later.keySet().stream().map(id -> get(id).step).toList(), writes);
        writes.send();
        return written;
    }

    private void written(Leases.Round round, Leases.Written written, long startedAt) {
        for (var taken : round.requests()) {
            if (written.made().contains(taken.id()) && taken.ended()) {
                generations.remove(taken.id());
            } else if (written.made().contains(taken.id())) {
                get(taken.id()).generation.renewed(startedAt);
            } else if (written.lost().contains(taken.id())) {
                get(taken.id()).generation.stop("its lease has expired");
            }
        }
    }

    private Leased get(RequestId id) {
        return Objects.requireNonNull(generations.get(id), () -> "no leased generation: " + id);
    }
}
