package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.internal.AdmissionDecision;
import dev.seedbed.controlplane.quota.internal.AdmissionRound;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.InForce;
import dev.seedbed.controlplane.quota.internal.LimitCheck;
import dev.seedbed.controlplane.quota.internal.LimitSql;
import dev.seedbed.controlplane.quota.internal.LimitsInForce;
import dev.seedbed.controlplane.quota.internal.PostingDecision;
import dev.seedbed.controlplane.quota.internal.Refusal;
import dev.seedbed.controlplane.quota.internal.ReservationLocks;
import dev.seedbed.controlplane.quota.internal.ReservationRow;
import dev.seedbed.controlplane.quota.internal.ReservationSql;
import dev.seedbed.controlplane.quota.internal.Settlements;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.plan.LimitChange;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Entry point of the feature. What moves amounts runs in the caller's transaction, because the ledger's rows belong into the
 * same one; if that transaction rolls back, nothing was reserved or posted. A pipeline that is passed gets what is still to be written: it
 * is sent within the transaction.
 */
@Service
public class Quotas {

    private final Pipelines pipelines;
    private final BudgetSql budgets;
    private final LimitSql limits;
    private final ReservationLocks locks;
    private final ReservationSql reservations;
    private final Settlements settlements;
    private final Leases leases;
    private final LimitChange change;
    private final QuotaProperties properties;

    Quotas(
            Pipelines pipelines,
            BudgetSql budgets,
            LimitSql limits,
            ReservationLocks locks,
            ReservationSql reservations,
            Settlements settlements,
            Leases leases,
            LimitChange change,
            QuotaProperties properties) {
        this.pipelines = pipelines;
        this.budgets = budgets;
        this.limits = limits;
        this.locks = locks;
        this.reservations = reservations;
        this.settlements = settlements;
        this.leases = leases;
        this.change = change;
        this.properties = properties;
    }

    /** Drawn once at the start of a replica: names it as the owner of what it reserves. */
    public long newOwnerEpoch() {
        return reservations.nextOwnerEpoch();
    }

    /**
     * Reserves the wanted amounts of one request after the other, on all budgets of key, project and tenant at once, or nothing. A request is
     * refused with BUDGET_EXCEEDED, RATE_LIMIT_EXCEEDED when it is a matter of waiting, or BUDGET_RESERVED when only requests in flight are
     * in the way.
     *
     * @return in the order of the requests
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<ReservationOutcome> reserve(
            List<ReservationRequest> requests, long ownerEpoch, Locking locking, Pipeline writes) {
        var subjects = requests.stream()
                .flatMap(request -> Subject.of(request.caller()).stream())
                .distinct()
                .toList();
        var locked =
                locking == Locking.WAIT ? new InForce(budgets.lock(subjects), Set.of()) : budgets.tryLock(subjects);
        var round = new AdmissionRound(locked);
        var outcomes = requests.stream().map(request -> outcome(round, request)).toList();
        if (!round.admitted().isEmpty()) {
            var reserved = round.reserved();
            budgets.reserve(locked.open(), row -> reserved.getOrDefault(row.id(), 0L), writes);
            reservations.insert(round.admitted(), ownerEpoch, properties.reservationTtl(), writes);
            grant(round, ownerEpoch, writes);
        }
        return outcomes;
    }

    private ReservationOutcome outcome(AdmissionRound round, ReservationRequest request) {
        var found = round.budgetsOf(request);
        if (found.isEmpty()) {
            return new ReservationOutcome.Contended();
        }
        if (round.admit(request, found) instanceof AdmissionDecision.Refused refused) {
            return new ReservationOutcome.Refused(refusal(refused, found));
        }
        return new ReservationOutcome.Reserved(after(found, Amounts.withPlace(request.wanted())));
    }

    /** One of a tenant's keys in a transaction: what the others may get depends on what it got. */
    private void grant(AdmissionRound round, long ownerEpoch, Pipeline writes) {
        var tenants = new HashSet<TenantId>();
        for (var admitted : round.admitted()) {
            var caller = admitted.request().caller();
            var budgetsNow = round.budgetsOf(admitted.request());
            if (Leases.mayGrant(budgetsNow) && tenants.add(caller.tenantId())) {
                // It is taken from the budgets as the admissions leave them.
                writes.send();
                leases.grantWith(caller, ownerEpoch, budgetsNow, admitted.amounts());
            }
        }
    }

    /**
     * Reserves more for a pending reservation, by the same step as {@link #reserve}.
     *
     * @throws SeedbedException also when the reservation is not pending any more
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Budget> extend(RequestId id, long ownerEpoch, Amounts more) {
        var writes = pipelines.begin();
        var reservation = lockOwn(Set.of(id), ownerEpoch, Locking.WAIT, writes).stream()
                .findFirst()
                .orElseThrow(() -> noReservation(id));
        if (reservation.state() != ReservationState.PENDING) {
            throw new SeedbedException(
                    ErrorCode.INTERNAL,
                    "reservation is resolved already: %s (state: %s)".formatted(id, reservation.state()));
        }
        var lines =
                reservation.lines().stream().map(ReservationRow.Line::budget).toList();
        require(lines, more);
        budgets.reserve(lines, more, writes);
        reservations.extend(id, lines, more, writes);
        writes.send();
        return after(lines, more);
    }

    /**
     * Renews reservations of one owner and posts what is new in their cumulative work.
     *
     * @return one posting for each reservation that exists and, if the others are skipped, is locked by nobody else; a state other than
     *     PENDING tells that the owner has lost it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Posting> checkpoint(
            Map<RequestId, Amounts> cumulative, long ownerEpoch, Locking locking, Pipeline writes) {
        var decided = lockOwn(cumulative.keySet(), ownerEpoch, locking, writes).stream()
                .map(row -> new Decided(
                        row, PostingDecision.checkpoint(row, cumulative.getOrDefault(row.id(), Amounts.NONE))))
                .toList();
        apply(decided, one -> Posting.Kind.CHECKPOINT, writes);
        var postings = decided.stream()
                .map(one -> one.posting(Posting.Kind.CHECKPOINT))
                .toList();
        reservations.renew(postings.stream().map(Posting::requestId).toList(), properties.reservationTtl(), writes);
        return postings;
    }

    /**
     * Resolves reservations with their final cumulative work, or settles late after an expiry; a repetition moves nothing.
     *
     * @return of each that exists and, if the others are skipped, is locked by nobody else
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Posting> settle(Map<RequestId, Amounts> cumulative, long ownerEpoch, Locking locking, Pipeline writes) {
        return settlements.settle(lockOwn(cumulative.keySet(), ownerEpoch, locking, writes), cumulative, writes);
    }

    /**
     * Resolves reservations whose owner did not renew them in time; what they had posted stands. Safe in several replicas.
     *
     * @return the ids of those that expired now, at most {@code atMost}
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<RequestId> expireOverdue(int atMost) {
        var writes = pipelines.begin();
        var decided = locks.lockOverdue(atMost, writes).stream()
                .map(row -> new Decided(row, PostingDecision.expire(row)))
                .toList();
        apply(decided, one -> Posting.Kind.CHECKPOINT, writes);
        writes.send();
        return decided.stream().map(one -> one.reservation().id()).toList();
    }

    /** Budgets of a subject in their present windows; none of one that never had a limit or a request. */
    @Transactional(readOnly = true)
    public List<Budget> budgets(Subject subject) {
        return budgets(List.of(subject));
    }

    /** Of all that a caller's requests debit. */
    @Transactional(readOnly = true)
    public List<Budget> budgets(Caller caller) {
        return budgets(Subject.of(caller));
    }

    private List<Budget> budgets(List<Subject> subjects) {
        var open = budgets.read(subjects).stream()
                .map(row -> row.budget(0))
                .collect(Collectors.groupingBy(Budget::subject, Collectors.toMap(Budget::key, Function.identity())));
        var inForce = limits.inForce(subjects);
        return subjects.stream()
                .flatMap(subject -> inForce.getOrDefault(subject, List.of()).stream()
                        .map(limit -> open.getOrDefault(subject, Map.of())
                                .getOrDefault(limit.key(), Budget.unused(subject, limit))))
                .toList();
    }

    /** @see #budgets(Subject) */
    @Transactional(readOnly = true)
    public List<Budget> budgets(TenantId tenant) {
        return budgets(Subject.of(tenant));
    }

    /** What a subject is limited to now, by its plan and by itself. */
    @Transactional(readOnly = true)
    public List<Limit> limits(Subject subject) {
        var known = limits.inForce(subject);
        return known.isEmpty() ? LimitsInForce.of(subject.kind(), List.of(), List.of()) : known;
    }

    /**
     * Sets one limit of a subject, which wins over its plan's; in force from the next admission on.
     *
     * @param tenant whose the subject is
     */
    @Transactional
    public void setLimit(Subject subject, TenantId tenant, Limit limit) {
        LimitCheck.check(limit);
        change.apply(subject, tenant, () -> limits.override(subject, limit));
    }

    /** Takes back what {@link #setLimit} set: the plan's limit holds again, if it has one. */
    @Transactional
    public void removeLimit(Subject subject, TenantId tenant, Limit.Key key) {
        change.apply(subject, tenant, () -> limits.removeOverride(subject, key));
    }

    /** The limit of a tenant over its whole life. @param amount in {@code unit}, >= 0, or null: not limited */
    @Transactional
    public void setLimit(TenantId tenant, Unit unit, @Nullable Long amount) {
        setLimit(Subject.of(tenant), tenant, new Limit(unit, Window.EVER, amount, Durability.STRICT));
    }

    private void require(List<BudgetRow> rows, Amounts wanted) {
        if (AdmissionDecision.decide(rows, wanted) instanceof AdmissionDecision.Refused refused) {
            throw refusal(refused, rows);
        }
    }

    private AdmissionRefused refusal(AdmissionDecision.Refused refused, List<BudgetRow> rows) {
        if (refused.budget().leased() > 0) {
            leases.standsInTheWay(refused.budget().id());
        }
        return new AdmissionRefused(Refusal.of(refused), after(rows, Amounts.NONE));
    }

    private static List<Budget> after(List<BudgetRow> before, Amounts wanted) {
        return before.stream().map(row -> row.budget(wanted.get(row.unit()))).toList();
    }

    private List<ReservationRow> lockOwn(Set<RequestId> ids, long ownerEpoch, Locking locking, Pipeline writes) {
        var rows = locks.lock(ids, locking, writes);
        rows.forEach(row -> requireOwner(row, ownerEpoch));
        return rows;
    }

    private static SeedbedException noReservation(RequestId id) {
        return new SeedbedException(ErrorCode.INTERNAL, "no reservation: " + id);
    }

    private static void requireOwner(ReservationRow row, long ownerEpoch) {
        if (row.ownerEpoch() != ownerEpoch) {
            throw new SeedbedException(
                    ErrorCode.INTERNAL,
                    "reservation of another owner: %s (epoch: %d, own: %d)"
                            .formatted(row.id(), row.ownerEpoch(), ownerEpoch));
        }
    }

    private void apply(List<Decided> decided, Function<Decided, Posting.Kind> kind, Pipeline writes) {
        reservations.apply(
                decided.stream().filter(one -> one.changes(kind.apply(one))).toList(), writes);
    }
}
