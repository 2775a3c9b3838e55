package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.QuotaProperties;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * What this replica may spend without asking the database, for callers all of whose limits are {@code LEASED}: a slice for each API
 * key, debited from every budget when it is granted, so that {@code posted + reserved + leased <= limit} holds at every commit
 * however many replicas there are. What was spent is written by a flush once each heartbeat.
 *
 * <p>A slice is spent for half the TTL after its last renewal began, and no longer than the calendar windows that it debits. A crash
 * leaves at most one heartbeat of work unrecorded, which nobody is billed for.
 */
@Service
public class Leases {

    private final LeaseSql sql;
    private final LeaseWriter writer;
    private final Duration ttl;
    private final LongSupplier clock;

    /** Those that may be spent. */
    private final Map<ApiKeyId, Slice> slices = new ConcurrentHashMap<>();

    /** Those, and closed ones with something left to write. */
    private final Set<Slice> unreturned = ConcurrentHashMap.newKeySet();

    /** Budgets that refused somebody for what is leased of them. */
    private final Set<Long> inTheWay = ConcurrentHashMap.newKeySet();

    private final Set<ApiKeyId> beingGranted = ConcurrentHashMap.newKeySet();

    /** Keys whose slice was recalled, until when they get no other. */
    private final Map<ApiKeyId, Long> recalled = new ConcurrentHashMap<>();

    @Autowired
    Leases(LeaseSql sql, LeaseWriter writer, QuotaProperties properties, MeterRegistry meters) {
        this(sql, writer, properties.reservationTtl(), System::nanoTime);
        meters.gaugeMapSize("seedbed.lease.held", List.of(), slices);
    }

    Leases(LeaseSql sql, LeaseWriter writer, Duration ttl, LongSupplier clock) {
        this.sql = sql;
        this.writer = writer;
        this.ttl = ttl;
        this.clock = clock;
    }

    /**
     * What {@link #take} would take from.
     *
     * @param budgets of the caller, as the last heartbeat left them
     * @param renewedAtNanos {@link System#nanoTime} before its last renewal: for half the TTL after it, what is taken may be used
     */
    public record Offer(List<Budget> budgets, long renewedAtNanos) {}

    /** Empty: the caller has no slice here. */
    public Optional<Offer> offer(Caller caller) {
        return Optional.ofNullable(slices.get(caller.apiKeyId()))
                .map(slice -> new Offer(slice.budgets(), slice.renewedAtNanos()));
    }

    /** Admits a request without the database. @return null: the database must be asked, also before anything is refused */
    public @Nullable LeasedRequest take(RequestId id, Caller caller, Amounts wanted) {
        var slice = slices.get(caller.apiKeyId());
        return slice == null ? null : slice.take(id, Amounts.withPlace(wanted), clock.getAsLong());
    }

    /** @return false: the database must be asked, with the request's reservation, which a flush writes */
    public boolean takeMore(LeasedRequest request, Amounts more) {
        return request.slice().takeMore(request, more, clock.getAsLong());
    }

    /** The request has ended; it is settled by a flush. */
    public void end(LeasedRequest request, Amounts cumulative) {
        request.slice().end(request, cumulative);
    }

    /**
     * Grants a slice with the admission of a request, if its caller's limits allow it and it has none.
     *
     * @param before the caller's budgets as that admission found them, locked
     * @param reserved by it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void grant(Caller caller, long ownerEpoch, List<BudgetRow> before, Amounts reserved) {
        var key = caller.apiKeyId();
        if (!LeaseGrant.isAllowed(before) || slices.containsKey(key) || isRecalled(key) || !beingGranted.add(key)) {
            return;
        }
        var granted = new Granted(key);
        TransactionSynchronizationManager.registerSynchronization(granted);
        var now = clock.getAsLong();
        var after = before.stream().map(row -> row.after(reserved)).toList();
        var amounts = LeaseGrant.first(after, reserved);
        if (!amounts.isNone()) {
            var id = sql.grant(ownerEpoch, caller, ttl, before, amounts);
            granted.slice = new Slice(id, caller, after, amounts, now, deadline(now, after));
        }
    }

    /** What was granted can be spent once it is committed. */
    private final class Granted implements TransactionSynchronization {

        private final ApiKeyId key;
        private @Nullable Slice slice;

        Granted(ApiKeyId key) {
            this.key = key;
        }

        @Override
        public void afterCommit() {
            if (slice != null) {
                unreturned.add(slice);
                slices.put(key, slice);
            }
        }

        @Override
        public void afterCompletion(int status) {
            beingGranted.remove(key);
        }
    }

    private boolean isRecalled(ApiKeyId key) {
        var until = recalled.get(key);
        if (until == null) {
            return false;
        }
        if (until - clock.getAsLong() > 0) {
            return true;
        }
        recalled.remove(key, until);
        return false;
    }

    /** Half the TTL after a renewal that began then, or when the first calendar window ends. */
    private long deadline(long renewedAt, List<BudgetRow> budgets) {
        return budgets.stream()
                .mapToLong(BudgetRow::nanosLeft)
                .map(left -> left == Long.MAX_VALUE ? renewedAt + ttl.toNanos() / 2 : renewedAt + left)
                .reduce(renewedAt + ttl.toNanos() / 2, (a, b) -> a - b < 0 ? a : b);
    }

    /** What one flush writes. */
    public static final class Round {

        private final long startedAt;
        private final List<Slice.Snapshot> slices;
        private final Set<Long> inTheWay;

        private Round(long startedAt, List<Slice.Snapshot> slices, Set<Long> inTheWay) {
            this.startedAt = startedAt;
            this.slices = slices;
            this.inTheWay = inTheWay;
        }

        /** Those that are not written yet, open and ended ones. */
        public List<Taken> requests() {
            return slices.stream().flatMap(slice -> slice.requests().stream()).toList();
        }

        public boolean isEmpty() {
            return slices.isEmpty() && inTheWay.isEmpty();
        }
    }

    /**
     * Begins a flush; one at a time. It must be followed by {@link #write} in a transaction and then, outside of it, by
     * {@link #written}, or by {@link #failed}.
     *
     * @param last everything that is unspent is given back
     */
    public Round begin(boolean last) {
        var startedAt = clock.getAsLong();
        var recalled = Set.copyOf(inTheWay);
        inTheWay.removeAll(recalled);
        return new Round(
                startedAt, unreturned.stream().map(slice -> slice.begin(last)).toList(), recalled);
    }

    /**
     * What a flush has written.
     *
     * @param postings for the ledger
     * @param made requests that it has recorded as the round says
     * @param there requests that were recorded before, and have been settled if they had ended before
     * @param lost open requests whose lease has expired; they may not go on
     */
    public record Written(
            List<Posting> postings,
            Set<RequestId> made,
            Set<RequestId> there,
            Set<RequestId> lost,
            Map<Long, LeaseWriter.Renewal> renewals) {

        private Set<RequestId> recorded() {
            return Stream.concat(made.stream(), there.stream()).collect(Collectors.toUnmodifiableSet());
        }
    }

    /**
     * Writes a round: reservations of the requests that have none yet, settlements of those that have, what leases hold from here on.
     *
     * @param workSoFar cumulative, of the round's requests that are open
     * @param ended requests that were recorded before and have ended since, with their cumulative work
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Written write(
            Round round, long ownerEpoch, Map<RequestId, Amounts> workSoFar, Map<RequestId, Amounts> ended) {
        if (!round.inTheWay.isEmpty()) {
            sql.recall(round.inTheWay);
        }
        return writer.write(round.slices, ownerEpoch, workSoFar, ended);
    }

    /** The transaction of the round was committed. */
    public void written(Round round, Written written) {
        var recorded = written.recorded();
        for (var snapshot : round.slices) {
            var slice = snapshot.slice();
            var renewal = written.renewals().get(slice.leaseId());
            if (renewal == null || slice.isClosed()) {
                slice.close();
                slice.settled(recorded);
                slices.remove(slice.caller().apiKeyId(), slice);
                if (renewal != null && renewal.recalled()) {
                    recalled.put(slice.caller().apiKeyId(), clock.getAsLong() + ttl.toNanos() / 2);
                }
                if (slice.isEmpty() && (renewal == null || renewal.returned())) {
                    unreturned.remove(slice);
                }
            } else {
                slice.flushed(
                        recorded,
                        renewal.granted(),
                        renewal.budgets(),
                        round.startedAt,
                        deadline(round.startedAt, renewal.budgets()));
            }
        }
    }

    /** The transaction of the round failed, or nobody knows. */
    public void failed(Round round) {
        round.slices.forEach(snapshot -> snapshot.slice().again());
    }

    /**
     * Somebody was refused because a budget is leased: its owners, of this replica and of others, are asked for what is unspent with the
     * next heartbeat.
     */
    public void recall(long budgetId) {
        inTheWay.add(budgetId);
    }

    /** Gives back what leases hold that their owners did not renew in time. Safe in several replicas. */
    @Transactional(propagation = Propagation.MANDATORY)
    public int expireOverdue(int atMost) {
        return sql.expireOverdue(atMost);
    }
}
