package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.quota.internal.AdmissionDecision;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.PostingDecision;
import dev.seedbed.controlplane.quota.internal.ReservationRow;
import dev.seedbed.controlplane.quota.internal.ReservationSql;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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
    private final ReservationSql reservations;
    private final QuotaProperties properties;

    Quotas(BudgetSql budgets, ReservationSql reservations, QuotaProperties properties) {
        this.budgets = budgets;
        this.reservations = reservations;
        this.properties = properties;
    }

    /** Drawn once at the start of a replica: names it as the owner of what it reserves. */
    public long newOwnerEpoch() {
        return reservations.nextOwnerEpoch();
    }

    /**
     * Reserves the wanted amounts on all budgets of a tenant at once, or nothing.
     *
     * @return the budgets afterwards
     * @throws SeedbedException BUDGET_EXCEEDED, or BUDGET_RESERVED when only requests in flight are in the way
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Budget> reserve(RequestId id, TenantId tenant, long ownerEpoch, Amounts wanted) {
        var rows = admit(tenant, wanted);
        reservations.insert(id, tenant, ownerEpoch, properties.reservationTtl(), rows, wanted);
        return after(tenant, rows, wanted);
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
        var rows = admit(reservation.tenantId(), more);
        reservations.extend(id, rows, more);
        return after(reservation.tenantId(), rows, more);
    }

    /**
     * Renews reservations of one owner and posts what is new in their cumulative work.
     *
     * @return one posting for each reservation that exists; a state other than PENDING tells that the owner has lost it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<Posting> checkpoint(long ownerEpoch, Map<RequestId, Amounts> cumulative) {
        var rows = reservations.lock(cumulative.keySet());
        var postings = new ArrayList<Posting>();
        for (var row : rows) {
            requireOwner(row, ownerEpoch);
            var decision = PostingDecision.checkpoint(row, cumulative.getOrDefault(row.id(), Amounts.NONE));
            postings.add(apply(row, decision, Posting.Kind.CHECKPOINT));
        }
        reservations.renew(cumulative.keySet(), properties.reservationTtl());
        return postings;
    }

    /** Resolves a reservation with its final cumulative work, or settles late after an expiry; a repetition moves nothing. */
    @Transactional(propagation = Propagation.MANDATORY)
    public Posting settle(RequestId id, long ownerEpoch, Amounts cumulative) {
        var row = lockOwn(id, ownerEpoch);
        var kind = row.state() == ReservationState.EXPIRED ? Posting.Kind.LATE_SETTLEMENT : Posting.Kind.SETTLEMENT;
        return apply(row, PostingDecision.settle(row, cumulative), kind);
    }

    /**
     * Resolves reservations whose owner did not renew them in time; what they had posted stands. Safe in several replicas.
     *
     * @return the ids of those that expired now, at most {@code atMost}
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public List<RequestId> expireOverdue(int atMost) {
        return reservations.lockOverdue(atMost).stream()
                .map(row -> apply(row, PostingDecision.expire(row), Posting.Kind.CHECKPOINT)
                        .requestId())
                .toList();
    }

    /** Budgets of a tenant, one for each unit; none of a tenant that never had a limit or a request. */
    @Transactional(readOnly = true)
    public List<Budget> budgets(TenantId tenant) {
        return budgets.read(tenant);
    }

    /** @param limit in {@code unit}, >= 0, or null: not limited */
    @Transactional
    public Budget setLimit(TenantId tenant, Unit unit, @Nullable Long limit) {
        if (limit != null && limit < 0) {
            throw SeedbedException.invalid("limit", "limit out of range: %d (expected: >= 0)".formatted(limit));
        }
        var row = budgets.lock(tenant).stream()
                .filter(budget -> budget.unit() == unit)
                .findFirst()
                .orElseThrow();
        budgets.setLimit(row.id(), limit);
        return new Budget(tenant, unit, limit, row.posted(), row.reserved());
    }

    private List<BudgetRow> admit(TenantId tenant, Amounts wanted) {
        var rows = budgets.lock(tenant);
        return switch (AdmissionDecision.decide(rows, wanted)) {
            case AdmissionDecision.Refused refused -> throw refusal(refused);
            case AdmissionDecision.Admitted() -> {
                budgets.reserve(rows, wanted);
                yield rows;
            }
        };
    }

    private static SeedbedException refusal(AdmissionDecision.Refused refused) {
        var budget = refused.budget();
        var code = refused.heldByOthers() ? ErrorCode.BUDGET_RESERVED : ErrorCode.BUDGET_EXCEEDED;
        var words = refused.heldByOthers() ? "budget is held by requests in flight" : "budget exceeded";
        return new SeedbedException(
                        code,
                        "%s: %d %s needed at most (available: %d of %d)"
                                .formatted(words, refused.wanted(), budget.unit(), budget.available(), budget.limit()))
                .with(Map.of(
                        "unit", budget.unit().name(),
                        "neededAmount", Long.toString(refused.wanted()),
                        "availableAmount", Long.toString(budget.available()),
                        "limitAmount", String.valueOf(budget.limit())));
    }

    private static List<Budget> after(TenantId tenant, List<BudgetRow> before, Amounts wanted) {
        Function<BudgetRow, Budget> after = row ->
                new Budget(tenant, row.unit(), row.limit(), row.posted(), row.reserved() + wanted.get(row.unit()));
        return before.stream().map(after).toList();
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

    private Posting apply(ReservationRow row, PostingDecision decision, Posting.Kind kind) {
        if (!decision.changesNothing(row.state())) {
            reservations.apply(row, decision);
        }
        return new Posting(
                row.id(), row.tenantId(), row.postings(), kind, decision.state(), decision.posted(), decision.loss());
    }
}
