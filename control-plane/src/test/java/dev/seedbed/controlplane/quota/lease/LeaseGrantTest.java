package dev.seedbed.controlplane.quota.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LeaseGrantTest {

    private static final Amounts REQUEST = Amounts.of(Map.of(Unit.REQUEST, 1L, Unit.POSITION, 100L));

    @Test
    void beginsWithAFewRequestsLikeTheOneThatAsks() {
        assertThat(first(1_000L, 100_000L)).isEqualTo(Amounts.of(Map.of(Unit.REQUEST, 8L, Unit.POSITION, 800L)));
    }

    @Test
    void takesAQuarterOfWhatIsLeftAtMost() {
        assertThat(first(20L, 100_000L)).isEqualTo(Amounts.of(Map.of(Unit.REQUEST, 5L, Unit.POSITION, 800L)));
    }

    @Test
    void leavesTheLastRequestsToBeAdmittedOneByOne() {
        assertThat(first(7L, 100_000L)).isEqualTo(Amounts.NONE);
        assertThat(first(1_000L, 799L)).isEqualTo(Amounts.NONE);
    }

    @Test
    void countsWhatIsOnlyCountedToo() {
        var budgets = List.of(
                TestingAllowance.budget(1, Unit.REQUEST, 1_000L, Durability.LEASED),
                TestingAllowance.budget(2, Unit.POSITION, null, Durability.STRICT));
        assertThat(LeaseGrant.first(budgets, REQUEST))
                .isEqualTo(Amounts.of(Map.of(Unit.REQUEST, 8L, Unit.POSITION, 800L)));
    }

    @Test
    void isNoChoiceWhenOneLimitIsStrictOrNothingIsLimited() {
        var strict = List.of(
                TestingAllowance.budget(1, Unit.REQUEST, 1_000L, Durability.LEASED),
                TestingAllowance.budget(2, Unit.POSITION, 100_000L, Durability.STRICT));
        assertThat(LeaseGrant.first(strict, REQUEST)).isEqualTo(Amounts.NONE);
        assertThat(LeaseGrant.isAllowed(List.of(TestingAllowance.budget(1, Unit.REQUEST, null, Durability.LEASED))))
                .isFalse();
    }

    @Test
    void growsToWhatThreeHeartbeatsWant() {
        var budgets = budgets(1_000_000L, 100_000_000L);
        var demand = Amounts.of(Map.of(Unit.REQUEST, 200L, Unit.POSITION, 20_000L));
        var unspent = Amounts.of(Map.of(Unit.REQUEST, 50L, Unit.POSITION, 80_000L));
        assertThat(LeaseGrant.more(budgets, demand, unspent)).isEqualTo(Amounts.of(Map.of(Unit.REQUEST, 550L)));
    }

    @Test
    void bearsAnEstimateNearTheEndOfLong() {
        var huge = Amounts.of(Map.of(Unit.POSITION, Long.MAX_VALUE - 1));
        assertThat(LeaseGrant.first(budgets(10L, Long.MAX_VALUE), huge)).isEqualTo(Amounts.NONE);
    }

    private static Amounts first(long requests, long positions) {
        return LeaseGrant.first(budgets(requests, positions), REQUEST);
    }

    private static List<BudgetRow> budgets(long requests, long positions) {
        return List.of(
                TestingAllowance.budget(1, Unit.REQUEST, requests, Durability.LEASED),
                TestingAllowance.budget(2, Unit.POSITION, positions, Durability.LEASED));
    }
}
