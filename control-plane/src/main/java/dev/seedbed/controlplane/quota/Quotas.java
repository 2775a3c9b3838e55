package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.quota.internal.AdmissionDecision;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.LimitCheck;
import dev.seedbed.controlplane.quota.internal.LimitSql;
import dev.seedbed.controlplane.quota.internal.LimitsInForce;
import dev.seedbed.controlplane.quota.internal.PostingDecision;
import dev.seedbed.controlplane.quota.internal.Refusal;
import dev.seedbed.controlplane.quota.internal.ReservationRow;
import dev.seedbed.controlplane.quota.internal.ReservationSql;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.plan.LimitChange;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Entry point of the feature. What moves amounts runs in the caller's transaction, because the ledger's rows belong into the
 * same one; if that transaction rolls back, nothing was reserved or posted.
 */
@Service
public class Quotas {

    private final BudgetSql budgets;
    private final LimitSql limits;
    private final ReservationSql reservations;
    private final Leases leases;
    private final LimitChange change;
    private final QuotaProperties properties;

    Quotas(
            BudgetSql budgets,
            LimitSql limits,
            ReservationSql reservations,
            Leases leases,
            LimitChange change,
            QuotaProperties properties) {
        this.budgets = budgets;
        this.limits = limits;
        this.reservations = reservations;
        this.leases = leases;
        this.change = change;
        this.properties = properties;
    }

    /** Drawn once at the start of a replica: names it as the owner of what it reserves. */
    public long newOwnerEpoch() {
        return reservations.nextOwnerEpoch();
    }

    /**
     * Reserves the wanted amounts on all budgets of key, project and tenant at once, or nothing. Whoever holds a place of
     * {@link Unit#CONCURRENT_REQUEST} holds one.
     *
     * @return the budgets afterwards
     * @throws SeedbedException BUDGET_EXCEEDED, RATE_LIMIT_EXCEEDED when it is a matter of waiting, or BUDGET_RESERVED when only
     *     requests in flight are in the way
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Budget> reserve(RequestId id, Caller caller, long ownerEpoch, Amounts wanted) {
        var withPlace = Amounts.withPlace(wanted);
        var rows = admit(Subject.of(caller), withPlace);
        reservations.insert(id, caller, ownerEpoch, properties.reservationTtl(), rows, withPlace);
        leases.grantWith(caller, ownerEpoch, rows, withPlace);
        return after(rows, withPlace);
    }

    /**
     * Reserves more for a pending reservation, by the same step as {@link #reserve}.
     *
     * @throws SeedbedException also when the reservation is not pending any more
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Budget> extend(RequestId id, long ownerEpoch, Amounts more) {
        var reservation = lockOwn(id, ownerEpoch);
        if (reservation.state() != ReservationState.PENDING) {
            throw new SeedbedException(
                    ErrorCode.INTERNAL,
                    "reservation is resolved already: %s (state: %s)".formatted(id, reservation.state()));
        }
        var lines =
                reservation.lines().stream().map(ReservationRow.Line::budget).toList();
        require(lines, more);
        budgets.reserve(lines, more);
        reservations.extend(id, lines, more);
        return after(lines, more);
    }

    /**
     * Renews reservations of one owner and posts what is new in their cumulative work.
     *
     * @return one posting for each reservation that exists; a state other than PENDING tells that the owner has lost it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Posting> checkpoint(long ownerEpoch, Map<RequestId, Amounts> cumulative) {
        var decided = reservations.lock(cumulative.keySet()).stream()
                .map(row -> {
                    requireOwner(row, ownerEpoch);
                    return new Decided(
                            row, PostingDecision.checkpoint(row, cumulative.getOrDefault(row.id(), Amounts.NONE)));
                })
                .toList();
        apply(decided, one -> Posting.Kind.CHECKPOINT);
        reservations.renew(cumulative.keySet(), properties.reservationTtl());
        return decided.stream().map(one -> one.posting(Posting.Kind.CHECKPOINT)).toList();
    }

    /** Resolves a reservation with its final cumulative work, or settles late after an expiry; a repetition moves nothing. */
    @Transactional(propagation = Propagation.MANDATORY)
    public Posting settle(RequestId id, long ownerEpoch, Amounts cumulative) {
        var row = lockOwn(id, ownerEpoch);
        var decided = new Decided(row, PostingDecision.settle(row, cumulative));
        apply(List.of(decided), Decided::settlement);
        return decided.posting(decided.settlement());
    }

    /**
     * Resolves reservations whose owner did not renew them in time; what they had posted stands. Safe in several replicas.
     *
     * @return the ids of those that expired now, at most {@code atMost}
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<RequestId> expireOverdue(int atMost) {
        var decided = reservations.lockOverdue(atMost).stream()
                .map(row -> new Decided(row, PostingDecision.expire(row)))
                .toList();
        apply(decided, one -> Posting.Kind.CHECKPOINT);
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

    private List<BudgetRow> admit(List<Subject> subjects, Amounts wanted) {
        var rows = budgets.lock(subjects);
        require(rows, wanted);
        budgets.reserve(rows, wanted);
        return rows;
    }

    private void require(List<BudgetRow> rows, Amounts wanted) {
        if (AdmissionDecision.decide(rows, wanted) instanceof AdmissionDecision.Refused refused) {
            if (refused.budget().leased() > 0) {
                leases.standsInTheWay(refused.budget().id());
            }
            throw new AdmissionRefused(Refusal.of(refused), after(rows, Amounts.NONE));
        }
    }

    private static List<Budget> after(List<BudgetRow> before, Amounts wanted) {
        return before.stream().map(row -> row.budget(wanted.get(row.unit()))).toList();
    }

    private ReservationRow lockOwn(RequestId id, long ownerEpoch) {
        var row = reservations.lock(List.of(id)).stream()
                .findFirst()
                .orElseThrow(() -> new SeedbedException(ErrorCode.INTERNAL, "no reservation: " + id));
        requireOwner(row, ownerEpoch);
        return row;
    }

    private static void requireOwner(ReservationRow row, long ownerEpoch) {
        if (row.ownerEpoch() != ownerEpoch) {
            throw new SeedbedException(
                    ErrorCode.INTERNAL,
                    "reservation of another owner: %s (epoch: %d, own: %d)"
                            .formatted(row.id(), row.ownerEpoch(), ownerEpoch));
        }
    }

    private void apply(List<Decided> decided, Function<Decided, Posting.Kind> kind) {
        reservations.apply(
                decided.stream().filter(one -> one.changes(kind.apply(one))).toList());
    }
}
