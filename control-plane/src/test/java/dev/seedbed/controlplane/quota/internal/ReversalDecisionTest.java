package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.internal.ReversalDecision.LineChange;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReversalDecisionTest {

    @ParameterizedTest
    @EnumSource(
            value = ReservationState.class,
            names = {"POSTED", "EXPIRED"})
    void takesBackAllThatWasPosted(ReservationState state) {
        var decision =
                ReversalDecision.decide(reservation(state, line(1, Window.EVER, 30, 80), line(2, Window.DAY, 30, 30)));
        assertThat(decision.amounts()).isEqualTo(Amounts.of(Map.of(Unit.POSITION, 30L)));
        assertThat(decision.changes()).containsExactly(new LineChange(1, 30), new LineChange(2, 30));
    }

    @Test
    void takesFromABucketOnlyWhatHasNotSunk() {
        var decision = ReversalDecision.decide(
                reservation(ReservationState.POSTED, line(1, Window.MINUTE, 30, 12), line(2, Window.EVER, 30, 30)));
        assertThat(decision.amounts()).isEqualTo(Amounts.of(Map.of(Unit.POSITION, 30L)));
        assertThat(decision.changes()).containsExactly(new LineChange(1, 12), new LineChange(2, 30));
    }

    @Test
    void leavesOneThatIsStillOpenAlone() {
        assertThat(ReversalDecision.decide(reservation(ReservationState.PENDING, line(1, Window.EVER, 30, 30)))
                        .amounts())
                .isEqualTo(Amounts.NONE);
    }

    @Test
    void findsNothingInOneThatPostedNothing() {
        var decision = ReversalDecision.decide(reservation(ReservationState.VOIDED, line(1, Window.EVER, 0, 30)));
        assertThat(decision.amounts()).isEqualTo(Amounts.NONE);
        assertThat(decision.changes()).isEmpty();
    }

    private static ReservationRow.Line line(long budget, Window window, long posted, long budgetPosted) {
        return new ReservationRow.Line(
                TestingBudget.of(budget, Unit.POSITION, window, 1_000L, budgetPosted, 0, 0), 100, posted);
    }

    private static ReservationRow reservation(ReservationState state, ReservationRow.Line... lines) {
        return new ReservationRow(
                new RequestId(UUID.randomUUID()), new TenantId(UUID.randomUUID()), 1, state, false, 1, List.of(lines));
    }
}
