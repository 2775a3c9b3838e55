package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationRequest;
import dev.seedbed.controlplane.quota.Subject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Admissions of one transaction, one after the other: each next one sees what those before have reserved. Pure, and used by one
 * thread.
 */
public final class AdmissionRound {

    /**
     * A request that was admitted.
     *
     * @param budgets its own, as it found them
     * @param amounts with its place
     */
    public record Admitted(ReservationRequest request, List<BudgetRow> budgets, Amounts amounts) {}

    private final LockedBudgets budgets;
    private final Map<Subject, List<Long>> bySubject;
    private final Set<Subject> missing;
    private final List<Admitted> admitted = new ArrayList<>();

    /** @param locked all budgets of the subjects that are not among {@link InForce#unopened} */
    public AdmissionRound(InForce locked) {
        this.budgets = new LockedBudgets(locked.open());
        this.bySubject = locked.open().stream()
                .collect(Collectors.groupingBy(
                        BudgetRow::subject, Collectors.mapping(BudgetRow::id, Collectors.toList())));
        this.missing = locked.unopened();
    }

    /** As they are now, by their ids. Empty: not all of them are locked. */
    public List<BudgetRow> budgetsOf(ReservationRequest request) {
        var subjects = Subject.of(request.caller());
        if (subjects.stream().anyMatch(missing::contains)) {
            return List.of();
        }
        return subjects.stream()
                .flatMap(subject -> bySubject.getOrDefault(subject, List.of()).stream())
                .map(budgets::get)
                .sorted(Comparator.comparing(BudgetRow::id))
                .toList();
    }

    /** @param found by {@link #budgetsOf} just before */
    public AdmissionDecision admit(ReservationRequest request, List<BudgetRow> found) {
        var amounts = Amounts.withPlace(request.wanted());
        var decision = AdmissionDecision.decide(found, amounts);
        if (decision instanceof AdmissionDecision.Admitted) {
            admitted.add(new Admitted(request, found, amounts));
            found.forEach(row -> budgets.move(new LockedBudgets.Move(row.id(), 0, amounts.get(row.unit()), 0)));
        }
        return decision;
    }

    public List<Admitted> admitted() {
        return admitted;
    }

    /** What all of them reserve together, by the budgets' ids. */
    public Map<Long, Long> reserved() {
        return budgets.moves().stream()
                .collect(Collectors.toMap(LockedBudgets.Move::budgetId, LockedBudgets.Move::reserved));
    }
}
