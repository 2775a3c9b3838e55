package dev.seedbed.controlplane.quota.internal;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Budgets that one transaction has locked, as its decisions so far leave them: each next decision sees the moves of those before.
 * Used by one thread; moves nothing itself.
 */
public final class LockedBudgets {

    /** What is added to a budget; negative: taken away. */
    public record Move(long budgetId, long posted, long reserved, long leased) {

        private Move plus(Move other) {
            return new Move(budgetId, posted + other.posted, reserved + other.reserved, leased + other.leased);
        }

        private boolean isNothing() {
            return posted == 0 && reserved == 0 && leased == 0;
        }
    }

    private final Map<Long, BudgetRow> rows = new LinkedHashMap<>();
    private final Map<Long, Move> moves = new LinkedHashMap<>();

    public LockedBudgets(Collection<BudgetRow> locked) {
        locked.forEach(row -> rows.put(row.id(), row));
    }

    /** @throws IllegalArgumentException it is not among the locked ones */
    public BudgetRow get(long id) {
        var row = rows.get(id);
        if (row == null) {
            throw new IllegalArgumentException("budget is not locked: " + id);
        }
        return row;
    }

    public void move(Move move) {
        rows.put(move.budgetId(), get(move.budgetId()).moved(move.posted(), move.reserved(), move.leased()));
        moves.merge(move.budgetId(), move, Move::plus);
    }

    /** The sum for each budget that changes. */
    public List<Move> moves() {
        return moves.values().stream().filter(move -> !move.isNothing()).toList();
    }
}
