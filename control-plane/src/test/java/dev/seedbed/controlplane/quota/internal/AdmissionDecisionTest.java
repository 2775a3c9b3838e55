package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AdmissionDecisionTest {

    static Stream<Arguments> budgetsAndWhatTheyAllow() {
        return Stream.of(
                Arguments.of("room for exactly the wanted", 100L, 60L, 30L, 10L, "admitted"),
                Arguments.of("one too many", 100L, 60L, 30L, 11L, "held by others"),
                Arguments.of("one more than is left without the others", 100L, 60L, 30L, 41L, "refused"),
                Arguments.of("nothing wanted of a spent budget", 100L, 100L, 0L, 0L, "admitted"),
                Arguments.of("a limit lowered below the usage", 50L, 60L, 30L, 1L, "refused"),
                Arguments.of("nothing wanted of a limit below the usage", 50L, 60L, 30L, 0L, "admitted"),
                Arguments.of("no limit", null, Long.MAX_VALUE - 1, 0L, 1_000L, "admitted"),
                Arguments.of("a limit of 0", 0L, 0L, 0L, 1L, "refused"),
                Arguments.of(
                        "an estimate near the end of long",
                        Long.MAX_VALUE,
                        1L,
                        1L,
                        Long.MAX_VALUE - 1,
                        "held by others"));
    }

    @ParameterizedTest(name = "{0}: {5}")
    @MethodSource("budgetsAndWhatTheyAllow")
    void decidesByWhatIsLeft(
            String situation, @Nullable Long limit, long posted, long reserved, long wanted, String expected) {
        var budget = new BudgetRow(1, Unit.POSITION, limit, posted, reserved);
        var decision = AdmissionDecision.decide(List.of(budget), Amounts.of(Map.of(Unit.POSITION, wanted)));
        assertThat(describe(decision)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("theOneWithoutRoom")
    void refusesForTheOneBudgetWithoutRoom(Unit spent) {
        var budgets = Stream.of(Unit.values())
                .map(unit -> new BudgetRow(unit.ordinal(), unit, unit == spent ? 4L : 1_000L, 0, 0))
                .toList();
        var wanted = Amounts.of(Map.of(
                Unit.REQUEST, 5L,
                Unit.INPUT_TOKEN, 5L,
                Unit.CACHED_INPUT_TOKEN, 5L,
                Unit.OUTPUT_TOKEN, 5L,
                Unit.POSITION, 5L));
        assertThat(AdmissionDecision.decide(budgets, wanted))
                .isInstanceOfSatisfying(
                        AdmissionDecision.Refused.class,
                        refused -> assertThat(refused.budget().unit()).isEqualTo(spent));
    }

    static Stream<Unit> theOneWithoutRoom() {
        return Stream.of(Unit.values());
    }

    private static String describe(AdmissionDecision decision) {
        return switch (decision) {
            case AdmissionDecision.Admitted() -> "admitted";
            case AdmissionDecision.Refused refused -> refused.heldByOthers() ? "held by others" : "refused";
        };
    }
}
