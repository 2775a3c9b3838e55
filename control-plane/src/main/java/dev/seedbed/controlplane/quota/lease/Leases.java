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
import java.util.Collections;
import java.util.LinkedHashSet;
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
 * What this replica may spend without asking the database, for callers all of whose limits are {@code LEASED}: an allowance for each API
 * key, debited from every budget when it is granted, so that {@code posted + reserved + leased <= limit} holds at every commit
 * however many replicas there are. What was spent is written by a flush once each heartbeat.
 *
 * <p>An allowance is spent for half the TTL after its last renewal began, and no longer than the calendar windows that it debits. A crash
 * leaves at most one heartbeat of work unrecorded, which nobody is billed for.
 */
@Service
public class Leases {

    private final LeaseStore store;
    private final Duration ttl;
    private final LongSupplier clock;

    /** Those that may be spent. */
    private final Map<ApiKeyId, Allowance> allowances = new ConcurrentHashMap<>();

    /** Those, and closed ones with something left to write. */
    private final Set<Allowance> unreturned = Collections.synchronizedSet(new LinkedHashSet<>());

    /** Budgets that refused somebody for what is leased of them. */
    private final Set<Long> inTheWay = ConcurrentHashMap.newKeySet();

    private final Set<ApiKeyId> beingGranted = ConcurrentHashMap.newKeySet();

    /** Keys whose allowance was recalled, until when they get no other. */
    private final Map<ApiKeyId, Long> recalled = new ConcurrentHashMap<>();

    @Autowired
    Leases(LeaseStore store, QuotaProperties properties, MeterRegistry meters) {
        this(store, properties.reservationTtl(), System::nanoTime);
        meters.gaugeMapSize("seedbed.lease.held", List.of(), allowances);
    }

    /** @param clock monotonic, in nanoseconds */
    Leases(LeaseStore store, Duration ttl, LongSupplier clock) {
        this.store = store;
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

    /** Empty: the caller has no allowance here. */
    public Optional<Offer> offer(Caller caller) {
        return Optional.ofNullable(allowances.get(caller.apiKeyId()))
                .map(allowance -> new Offer(allowance.budgets(), allowance.renewedAtNanos()));
    }

    /** Admits a request without the database. @return null: the database must be asked, also before anything is refused */
    public @Nullable LeasedRequest take(RequestId id, Caller caller, Amounts wanted) {
        var allowance = allowances.get(caller.apiKeyId());
        return allowance == null ? null : allowance.take(id, Amounts.withPlace(wanted), clock.getAsLong());
    }

    /** Whether a flush may bring what {@link #take} lacked. */
    public boolean mayGrow(Caller caller) {
        var allowance = allowances.get(caller.apiKeyId());
        return allowance != null && allowance.mayGrow();
    }

    /** A flush has not brought what {@link #take} lacks: until the next heartbeat, the database is asked. */
    public void cannotGrow(Caller caller) {
        var allowance = allowances.get(caller.apiKeyId());
        if (allowance != null) {
            allowance.isStunted();
        }
    }

    /** @return false: the database must be asked, with the request's reservation, which a flush writes */
    public boolean takeMore(LeasedRequest request, Amounts more) {
        return request.allowance().takeMore(request, more, clock.getAsLong());
    }

    /** The request has ended; it is settled by a flush. */
    public void end(LeasedRequest request, Amounts cumulative) {
        request.allowance().end(request, cumulative);
    }

    /**
     * Grants an allowance with the admission of a request, if its caller's limits allow it and it has none.
     *
     * @param budgets all of the caller's, locked, as the transaction leaves them
     * @param reserved by that request
     * @return to be told of the end of the transaction; empty: nothing was granted
     */
    Optional<Grant> grant(Caller caller, long ownerEpoch, List<BudgetRow> budgets, Amounts reserved) {
        var key = caller.apiKeyId();
        if (!LeaseGrant.isAllowed(budgets)
                || allowances.containsKey(key)
                || isRecalled(key)
                || !beingGranted.add(key)) {
            return Optional.empty();
        }
        var grant = new Grant(key);
        try {
            var now = clock.getAsLong();
            var amounts = LeaseGrant.first(budgets, reserved);
            if (!amounts.isNone()) {
                var id = store.grant(ownerEpoch, caller, budgets, amounts);
                grant.allowance = new Allowance(id, caller, budgets, amounts, now, deadline(now, budgets));
            }
        } catch (RuntimeException e) {
            grant.completed();
            throw e;
        }
        return Optional.of(grant);
    }

    /** An allowance that can be spent once the transaction that granted it is committed. */
    final class Grant {

        private final ApiKeyId key;
        private @Nullable Allowance allowance;

        private Grant(ApiKeyId key) {
            this.key = key;
        }

        void committed() {
            if (allowance != null) {
                unreturned.add(allowance);
                allowances.put(key, allowance);
            }
        }

        /** After {@link #committed}, or without it. */
        void completed() {
            beingGranted.remove(key);
        }
    }

    /** Whether limits let a caller have an allowance at all. @param budgets all of the caller's */
    public static boolean mayGrant(List<BudgetRow> budgets) {
        return LeaseGrant.isAllowed(budgets);
    }

    /** As {@link #grant}, in the present transaction and until its end. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void grantWith(Caller caller, long ownerEpoch, List<BudgetRow> budgets, Amounts reserved) {
        grant(caller, ownerEpoch, budgets, reserved)
                .ifPresent(grant ->
                        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
                            @Override
                            public void afterCommit() {
                                grant.committed();
                            }

                            @Override
                            public void afterCompletion(int status) {
                                grant.completed();
                            }
                        }));
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
        private final List<Allowance.Snapshot> allowances;

        private Round(long startedAt, List<Allowance.Snapshot> allowances) {
            this.startedAt = startedAt;
            this.allowances = allowances;
        }

        /** Those that are not written yet, open and ended ones. */
        public List<Taken> requests() {
            return allowances.stream()
                    .flatMap(allowance -> allowance.requests().stream())
                    .toList();
        }

        public boolean isEmpty() {
            return allowances.isEmpty();
        }
    }

    /**
     * Begins a flush; one at a time. It must be followed by {@link #write} in a transaction and then, outside of it, by
     * {@link #written}, or by {@link #failed}.
     *
     * @param why {@link Flush#LAST}: everything that is unspent is given back
     */
    public Round begin(Flush why) {
        var startedAt = clock.getAsLong();
        return new Round(
                startedAt,
                List.copyOf(unreturned).stream()
                        .map(allowance -> allowance.begin(why))
                        .toList());
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
            Map<Long, LeaseRound.Renewal> renewals) {

        static Written of(LeaseRound round, List<Posting> postings, Set<RequestId> there) {
            return new Written(
                    postings,
                    round.made().stream().map(one -> one.reservation().id()).collect(Collectors.toUnmodifiableSet()),
                    there,
                    round.lost(),
                    round.renewals());
        }

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
        return store.write(round.allowances, ownerEpoch, workSoFar, ended);
    }

    /** The transaction of the round was committed. */
    public void written(Round round, Written written) {
        var recorded = written.recorded();
        for (var snapshot : round.allowances) {
            var allowance = snapshot.allowance();
            var renewal = written.renewals().get(allowance.leaseId());
            if (renewal == null || allowance.isClosed()) {
                allowance.close();
                allowance.settled(recorded);
                allowances.remove(allowance.caller().apiKeyId(), allowance);
                if (renewal != null && renewal.recalled()) {
                    recalled.put(allowance.caller().apiKeyId(), clock.getAsLong() + ttl.toNanos() / 2);
                }
                if (allowance.isEmpty() && (renewal == null || renewal.returned())) {
                    unreturned.remove(allowance);
                }
            } else {
                allowance.flushed(
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
        round.allowances.forEach(snapshot -> snapshot.allowance().again());
    }

    /** Somebody was refused because a budget is leased. */
    public void standsInTheWay(long budgetId) {
        inTheWay.add(budgetId);
    }

    public boolean standsSomethingInTheWay() {
        return !inTheWay.isEmpty();
    }

    /**
     * Asks the owners of what stood in somebody's way, in this replica and in others, to give back with their next flush what is unspent. In a
     * transaction of its own: two flushes that also locked each other's leases would wait for each other.
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void recall() {
        var budgets = Set.copyOf(inTheWay);
        inTheWay.removeAll(budgets);
        store.recall(budgets);
    }

    /**
     * Gives back what leases hold that their owners did not renew in time. Safe in several replicas; in a transaction without other locks.
     *
     * @return how many expired now, at most {@code atMost}
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public int expireOverdue(int atMost) {
        return store.expireOverdue(atMost);
    }
}
