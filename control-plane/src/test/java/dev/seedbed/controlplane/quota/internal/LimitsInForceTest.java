package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LimitsInForceTest {

    @Test
    void closeATenantForWhomNothingWasSet() {
        var inForce = LimitsInForce.of(Subject.Kind.TENANT, List.of(), List.of());

        assertThat(inForce).contains(limit(Unit.OUTPUT_TOKEN, Window.EVER, 0L), limit(Unit.POSITION, Window.EVER, 0L));
        assertThat(inForce).contains(limit(Unit.REQUEST, Window.EVER, null), limit(Unit.MICRO_USD, Window.EVER, null));
        assertThat(inForce).noneMatch(limit -> limit.unit() == Unit.CONCURRENT_REQUEST);
    }

    @Test
    void openAUnitThatIsLimitedInAnyWindow() {
        var daily = limit(Unit.OUTPUT_TOKEN, Window.DAY, 5L);

        var inForce = LimitsInForce.of(Subject.Kind.TENANT, List.of(daily), List.of());

        assertThat(inForce).contains(daily, limit(Unit.OUTPUT_TOKEN, Window.EVER, null));
        assertThat(inForce).contains(limit(Unit.POSITION, Window.EVER, 0L));
    }

    @Test
    void letTheSubjectsOwnWinOverItsPlans() {
        var plan = List.of(limit(Unit.REQUEST, Window.MINUTE, 60L), limit(Unit.REQUEST, Window.DAY, 1000L));
        var own = List.of(limit(Unit.REQUEST, Window.MINUTE, 6L));

        assertThat(LimitsInForce.of(Subject.Kind.PROJECT, plan, own))
                .containsExactly(limit(Unit.REQUEST, Window.MINUTE, 6L), limit(Unit.REQUEST, Window.DAY, 1000L));
    }

    @Test
    void leaveNothingOfALiftedLimitOfAKey() {
        var plan = List.of(limit(Unit.REQUEST, Window.MINUTE, 60L));
        var own = List.of(limit(Unit.REQUEST, Window.MINUTE, null));

        assertThat(LimitsInForce.of(Subject.Kind.KEY, plan, own)).isEmpty();
    }

    private static Limit limit(Unit unit, Window window, @Nullable Long amount) {
        return new Limit(unit, window, amount, Durability.STRICT);
    }
}
