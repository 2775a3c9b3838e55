package dev.seedbed.controlplane.quota;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongBinaryOperator;

/** Amounts >= 0 by unit; a unit that is not named has amount 0. Immutable. */
public final class Amounts {

    public static final Amounts NONE = new Amounts(new EnumMap<>(Unit.class));

    private final EnumMap<Unit, Long> positive;

    private Amounts(EnumMap<Unit, Long> positive) {
        this.positive = positive;
    }

    /** @throws IllegalArgumentException an amount is negative */
    public static Amounts of(Map<Unit, Long> amounts) {
        var positive = new EnumMap<Unit, Long>(Unit.class);
        amounts.forEach((unit, amount) -> {
            if (amount < 0) {
                throw new IllegalArgumentException(
                        "amount out of range: %d %s (expected: >= 0)".formatted(amount, unit));
            }
            if (amount > 0) {
                positive.put(unit, amount);
            }
        });
        return new Amounts(positive);
    }

    /** Whoever is open takes one place of {@link Unit#CONCURRENT_REQUEST} beside what it wants. */
    public static Amounts withPlace(Amounts wanted) {
        return wanted.plus(of(Map.of(Unit.CONCURRENT_REQUEST, 1L)));
    }

    public long get(Unit unit) {
        return positive.getOrDefault(unit, 0L);
    }

    public boolean isNone() {
        return positive.isEmpty();
    }

    /** The amounts that are not 0. */
    public Map<Unit, Long> positive() {
        return Collections.unmodifiableMap(positive);
    }

    /** @throws ArithmeticException a sum leaves the range of long */
    public Amounts plus(Amounts other) {
        return combine(other, Math::addExact);
    }

    /** Unit by unit the difference, or 0 where {@code other} is larger. */
    public Amounts minus(Amounts other) {
        return combine(other, (mine, theirs) -> Math.max(0, mine - theirs));
    }

    public Amounts atMost(Amounts bound) {
        return combine(bound, Math::min);
    }

    /** Whether none of {@code other} is larger. */
    public boolean covers(Amounts other) {
        return other.positive.entrySet().stream().allMatch(entry -> get(entry.getKey()) >= entry.getValue());
    }

    private Amounts combine(Amounts other, LongBinaryOperator operator) {
        var combined = new EnumMap<Unit, Long>(Unit.class);
        for (var unit : Unit.values()) {
            combined.put(unit, operator.applyAsLong(get(unit), other.get(unit)));
        }
        return of(combined);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Amounts amounts && amounts.positive.equals(positive);
    }

    @Override
    public int hashCode() {
        return positive.hashCode();
    }

    @Override
    public String toString() {
        return positive.toString();
    }
}
