package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.internal.PostingDecision.LineChange;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PostingDecisionTest {

    private static final long BUDGET = 7;

    @Test
    void postsTheDifferenceToTheLastCheckpoint() {
        var decision = PostingDecision.checkpoint(reservation(ReservationState.PENDING, 100, 30, 0), positions(45));
        assertThat(decision.state()).isEqualTo(ReservationState.PENDING);
        assertThat(decision.posted()).isEqualTo(positions(15));
        assertThat(decision.changes()).containsExactly(new LineChange(BUDGET, Unit.POSITION, 15, 15));
    }

    @Test
    void postsNothingForACheckpointThatCameLate() {
        var decision = PostingDecision.checkpoint(reservation(ReservationState.PENDING, 100, 30, 0), positions(20));
        assertThat(decision.changesNothing(ReservationState.PENDING)).isTrue();
    }

    @Test
    void givesBackWhatASettlementLeaves() {
        var decision = PostingDecision.settle(reservation(ReservationState.PENDING, 100, 30, 0), positions(45));
        assertThat(decision.state()).isEqualTo(ReservationState.POSTED);
        assertThat(decision.changes()).containsExactly(new LineChange(BUDGET, Unit.POSITION, 15, 70));
        assertThat(decision.loss()).isEqualTo(Amounts.NONE);
    }

    @Test
    void voidsAReservationWithoutWork() {
        var decision = PostingDecision.settle(reservation(ReservationState.PENDING, 100, 0, 0), Amounts.NONE);
        assertThat(decision.state()).isEqualTo(ReservationState.VOIDED);
        assertThat(decision.changes()).containsExactly(new LineChange(BUDGET, Unit.POSITION, 0, 100));
    }

    @Test
    void bearsWorkBeyondTheReservationItself() {
        var decision = PostingDecision.settle(reservation(ReservationState.PENDING, 100, 30, 1_000), positions(130));
        assertThat(decision.posted()).isEqualTo(positions(70));
        assertThat(decision.loss()).isEqualTo(positions(30));
    }

    @Test
    void letsTheLastCheckpointStandWhenAnOwnerIsGone() {
        var decision = PostingDecision.expire(reservation(ReservationState.PENDING, 100, 30, 0));
        assertThat(decision.state()).isEqualTo(ReservationState.EXPIRED);
        assertThat(decision.posted()).isEqualTo(Amounts.NONE);
        assertThat(decision.changes()).containsExactly(new LineChange(BUDGET, Unit.POSITION, 0, 70));
    }

    @Test
    void postsALateSettlementUpToTheReservation() {
        var decision = PostingDecision.settle(reservation(ReservationState.EXPIRED, 100, 30, 1_000), positions(130));
        assertThat(decision.state()).isEqualTo(ReservationState.EXPIRED);
        assertThat(decision.changes()).containsExactly(new LineChange(BUDGET, Unit.POSITION, 70, 0));
        assertThat(decision.loss()).isEqualTo(positions(30));
    }

    @Test
    void postsALateSettlementOnlyIntoRoomThatNobodyElseTook() {
        var decision = PostingDecision.settle(reservation(ReservationState.EXPIRED, 100, 30, 5), positions(50));
        assertThat(decision.posted()).isEqualTo(positions(5));
        assertThat(decision.loss()).isEqualTo(positions(15));
    }

    @Test
    void settlesLateOnce() {
        var expired = reservation(ReservationState.EXPIRED, 100, 30, 1_000);
        var settled = new ReservationRow(
                expired.id(), expired.tenantId(), 1, ReservationState.EXPIRED, true, 4, expired.lines());
        assertThat(PostingDecision.settle(settled, positions(60)).changesNothing(ReservationState.EXPIRED))
                .isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = ReservationState.class,
            names = {"POSTED", "VOIDED"})
    void leavesAResolvedReservationAlone(ReservationState state) {
        var resolved = reservation(state, 100, 30, 1_000);
        assertThat(PostingDecision.settle(resolved, positions(60)).changesNothing(state))
                .isTrue();
        assertThat(PostingDecision.checkpoint(resolved, positions(60)).changesNothing(state))
                .isTrue();
        assertThat(PostingDecision.expire(resolved).changesNothing(state)).isTrue();
    }

    private static ReservationRow reservation(ReservationState state, long reserved, long posted, long available) {
        return new ReservationRow(
                new RequestId(UUID.randomUUID()),
                new TenantId(UUID.randomUUID()),
                1,
                state,
                false,
                3,
                List.of(new ReservationRow.Line(budget(available), reserved, posted)));
    }

    /** With so much room for somebody else. */
    private static BudgetRow budget(long available) {
        return TestingBudget.of(BUDGET, Unit.POSITION, available, 0, 0);
    }

    private static Amounts positions(long amount) {
        return Amounts.of(Map.of(Unit.POSITION, amount));
    }
}
