package dev.seedbed.controlplane.quota.lease;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.InForce;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a replica may spend for one API key without asking: the memory of one lease. Thread-safe.
 *
 * <p>Invariant: what the lease holds in the database covers {@link #kept} at every moment, also while a flush is under way and when
 * nobody knows whether it was committed. So what is taken away here is taken before the database gives it to others, and what is
 * added is added after it was committed.
 */
final class Allowance {

    /** Heartbeats without a request before all of it is given back. */
    private static final int MOST_IDLE_BEATS = 2;

    private final long leaseId;
    private final Caller caller;

    /** Those that the lease debits; the same ones for its whole life. */
    private final List<Long> budgetIds;

    @GuardedBy("this")
    private final Map<RequestId, LeasedRequest> unrecorded = new LinkedHashMap<>();

    /** As the last flush left them. */
    @GuardedBy("this")
    private List<Budget> budgets;

    @GuardedBy("this")
    private Amounts unspent;

    /** What requests wanted since the last flush, whether they got it or not. */
    @GuardedBy("this")
    private Amounts demand = Amounts.NONE;

    /** Those of them that did not get it, and may ask again. */
    @GuardedBy("this")
    private final Set<RequestId> missed = new HashSet<>();

    /** A flush on demand brought too little: until the next heartbeat there is no point in another. */
    @GuardedBy("this")
    private boolean stunted;

    @GuardedBy("this")
    private int idleBeats;

    /** When it may not be spent any more, by the replica's monotonic clock. */
    @GuardedBy("this")
    private long deadlineNanos;

    @GuardedBy("this")
    private long renewedAtNanos;

    @GuardedBy("this")
    private boolean closed;

    /** @param budgets those that the lease debits, as its grant left them */
    Allowance(
            long leaseId,
            Caller caller,
            List<BudgetRow> budgets,
            Amounts granted,
            long renewedAtNanos,
            long deadlineNanos) {
        this.leaseId = leaseId;
        this.caller = caller;
        this.budgetIds = budgets.stream().map(BudgetRow::id).toList();
        this.budgets = shown(budgets);
        this.unspent = granted;
        this.renewedAtNanos = renewedAtNanos;
        this.deadlineNanos = deadlineNanos;
    }

    long leaseId() {
        return leaseId;
    }

    Caller caller() {
        return caller;
    }

    List<Long> budgetIds() {
        return budgetIds;
    }

    /** Whether what limits its caller is what it debits, and may be leased. @param inForce of others too */
    boolean debits(InForce inForce) {
        var subjects = Subject.of(caller);
        var own = inForce.open().stream()
                .filter(budget -> subjects.contains(budget.subject()))
                .toList();
        return subjects.stream().noneMatch(inForce.unopened()::contains)
                && LeaseGrant.isAllowed(own)
                && own.stream().map(BudgetRow::id).collect(Collectors.toSet()).equals(Set.copyOf(budgetIds));
    }

    private static List<Budget> shown(List<BudgetRow> rows) {
        return rows.stream().map(row -> row.budget(0)).toList();
    }

    /** As the last flush left them. */
    synchronized List<Budget> budgets() {
        return budgets;
    }

    /** Before the last call that renewed it. */
    synchronized long renewedAtNanos() {
        return renewedAtNanos;
    }

    /** All wanted amounts or nothing. @return null: the database must be asked */
    synchronized @Nullable LeasedRequest take(RequestId id, Amounts wanted, long nowNanos) {
        var asksAgain = missed.remove(id);
        if (!asksAgain) {
            demand = demand.plus(wanted);
        }
        if (!mayGive(wanted, nowNanos)) {
            missed.add(id);
            return null;
        }
        unspent = unspent.minus(wanted);
        var request = new LeasedRequest(id, this, wanted);
        unrecorded.put(id, request);
        return request;
    }

    /** Whether a flush may bring what it lacks. */
    synchronized boolean mayGrow() {
        return !closed && !stunted;
    }

    /** A flush has not brought what somebody needs. */
    synchronized void isStunted() {
        stunted = true;
    }

    /** @return false: nothing was taken, and the database must be asked */
    synchronized boolean takeMore(LeasedRequest request, Amounts more, long nowNanos) {
        if (request.phase != LeasedRequest.Phase.UNRECORDED || !mayGive(more, nowNanos)) {
            return false;
        }
        unspent = unspent.minus(more);
        request.reserved = request.reserved.plus(more);
        return true;
    }

    @GuardedBy("this")
    private boolean mayGive(Amounts wanted, long nowNanos) {
        return !closed && deadlineNanos - nowNanos > 0 && unspent.covers(wanted);
    }

    /** What an unrecorded request has not used can be spent again. */
    synchronized void end(LeasedRequest request, Amounts cumulative) {
        if (request.used != null) {
            return;
        }
        request.used = cumulative;
        if (request.phase == LeasedRequest.Phase.UNRECORDED && !closed) {
            unspent = unspent.plus(request.reserved.minus(request.claim()));
        }
    }

    /** What a flush writes of it. @param demand since the last one */
    record Snapshot(Allowance allowance, List<Taken> requests, Amounts demand) {}

    /** Begins a flush. @param why {@link Flush#LAST}: all that is unspent is given back by it */
    synchronized Snapshot begin(Flush why) {
        if (!demand.isNone()) {
            idleBeats = 0;
        } else if (why == Flush.HEARTBEAT) {
            idleBeats++;
        }
        if (why == Flush.HEARTBEAT) {
            stunted = false;
        }
        missed.clear();
        if (why == Flush.LAST || idleBeats >= MOST_IDLE_BEATS) {
            close();
        }
        unrecorded.values().forEach(request -> request.phase = LeasedRequest.Phase.RECORDING);
        var requests = unrecorded.values().stream()
                .map(request -> new Taken(request.id(), request.reserved, request.used))
                .toList();
        var wanted = demand;
        demand = Amounts.NONE;
        return new Snapshot(this, requests, wanted);
    }

    /** Nothing of it is spent from here on. */
    synchronized void close() {
        closed = true;
        unspent = Amounts.NONE;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** What its lease must go on to hold: what is unspent, and what was taken and is not part of the present flush. */
    synchronized Amounts kept() {
        return unrecorded.values().stream()
                .filter(request -> request.phase == LeasedRequest.Phase.UNRECORDED)
                .map(LeasedRequest::claim)
                .reduce(unspent, Amounts::plus);
    }

    /** Whether the present flush writes all that was taken. */
    synchronized boolean isWrittenWhole() {
        return unrecorded.values().stream().noneMatch(request -> request.phase == LeasedRequest.Phase.UNRECORDED);
    }

    /** @param granted on top by the flush */
    synchronized void flushed(
            Collection<RequestId> recorded, Amounts granted, List<BudgetRow> after, long renewedAt, long deadline) {
        settled(recorded);
        if (!closed) {
            unspent = unspent.plus(granted);
            budgets = shown(after);
            renewedAtNanos = renewedAt;
            deadlineNanos = deadline;
        }
    }

    /** After a flush that cannot renew it. */
    synchronized void settled(Collection<RequestId> recorded) {
        for (var id : recorded) {
            var request = unrecorded.remove(id);
            if (request != null) {
                request.phase = LeasedRequest.Phase.RECORDED;
            }
        }
        again();
    }

    /** The requests of a flush that failed are those of the next one, and give nothing back to the allowance until then. */
    synchronized void again() {
        unrecorded.values().stream()
                .filter(request -> request.phase == LeasedRequest.Phase.RECORDING)
                .forEach(request -> request.phase = LeasedRequest.Phase.DOUBTFUL);
    }

    synchronized boolean isEmpty() {
        return unrecorded.isEmpty();
    }
}
