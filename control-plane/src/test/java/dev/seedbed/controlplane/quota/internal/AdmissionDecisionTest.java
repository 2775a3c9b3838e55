package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
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
        var budget = TestingBudget.of(1, Unit.POSITION, limit, posted, reserved);
        var decision = AdmissionDecision.decide(List.of(budget), Amounts.of(Map.of(Unit.POSITION, wanted)));
        assertThat(describe(decision)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("theOneWithoutRoom")
    void refusesForTheOneBudgetWithoutRoom(Unit spent) {
        var budgets = Stream.of(Unit.values())
                .map(unit -> TestingBudget.of(unit.ordinal(), unit, unit == spent ? 4L : 1_000L, 0, 0))
                .toList();
        var wanted = Amounts.of(Stream.of(Unit.values()).collect(Collectors.toMap(Function.identity(), unit -> 5L)));
        assertThat(AdmissionDecision.decide(budgets, wanted))
                .isInstanceOfSatisfying(
                        AdmissionDecision.Refused.class,
                        refused -> assertThat(refused.budget().unit()).isEqualTo(spent));
    }

    @Test
    void tellsWhenABucketHasRoomAgain() {
        var minute = TestingBudget.of(1, Unit.REQUEST, Window.MINUTE, 6L, 6, 0, 0);

        assertThat(AdmissionDecision.decide(List.of(minute), Amounts.of(Map.of(Unit.REQUEST, 2L))))
                .isInstanceOfSatisfying(AdmissionDecision.Refused.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(AdmissionDecision.Reason.RATE);
                    assertThat(refused.retryAfter()).isEqualTo(Duration.ofSeconds(20));
                });
    }

    @Test
    void namesTheLimitThatStandsInTheWayLongest() {
        var wanted = Amounts.of(Map.of(Unit.REQUEST, 1L, Unit.CONCURRENT_REQUEST, 1L));
        var places = TestingBudget.of(1, Unit.CONCURRENT_REQUEST, 1L, 0, 1);
        var minute = TestingBudget.of(2, Unit.REQUEST, Window.MINUTE, 6L, 6, 0, 0);
        var ever = TestingBudget.of(3, Unit.REQUEST, 6L, 6, 0);

        assertThat(refusedBy(List.of(places, minute, ever), wanted)).isEqualTo(3);
        assertThat(refusedBy(List.of(minute, places), wanted)).isEqualTo(2);
    }

    @Test
    void countsWhatReplicasHoldAsTaken() {
        var leased = TestingBudget.of(1, Unit.REQUEST, Window.EVER, 6L, 1, 1, 4);

        assertThat(describe(AdmissionDecision.decide(List.of(leased), Amounts.of(Map.of(Unit.REQUEST, 1L)))))
                .isEqualTo("held by others");
    }

    private static long refusedBy(List<BudgetRow> budgets, Amounts wanted) {
        return ((AdmissionDecision.Refused) AdmissionDecision.decide(budgets, wanted))
                .budget()
                .id();
    }

    static Stream<Unit> theOneWithoutRoom() {
        return Stream.of(Unit.values());
    }

    private static String describe(AdmissionDecision decision) {
        return switch (decision) {
            case AdmissionDecision.Admitted() -> "admitted";
            case AdmissionDecision.Refused refused ->
                switch (refused.reason()) {
                    case HELD -> "held by others";
                    case EXCEEDED -> "refused";
                    case RATE -> "refused for now";
                };
        };
    }
}
