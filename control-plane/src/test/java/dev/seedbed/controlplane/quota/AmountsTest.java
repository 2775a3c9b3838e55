package dev.seedbed.controlplane.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class AmountsTest {

    @Test
    void refusesANegativeAmount() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Amounts.of(Map.of(Unit.POSITION, -1L)))
                .withMessage("amount out of range: -1 POSITION (expected: >= 0)");
    }

    @Test
    void treatsAnAmountOfZeroAsAbsent() {
        assertThat(Amounts.of(Map.of(Unit.POSITION, 0L))).isEqualTo(Amounts.NONE);
    }

    @Test
    void subtractsToZeroAtLeast() {
        var less = Amounts.of(Map.of(Unit.POSITION, 3L, Unit.REQUEST, 1L));
        var more = Amounts.of(Map.of(Unit.POSITION, 5L));
        assertThat(less.minus(more)).isEqualTo(Amounts.of(Map.of(Unit.REQUEST, 1L)));
    }

    @Test
    void refusesASumBeyondLong() {
        var most = Amounts.of(Map.of(Unit.POSITION, Long.MAX_VALUE));
        assertThatThrownBy(() -> most.plus(Amounts.of(Map.of(Unit.POSITION, 1L))))
                .isInstanceOf(ArithmeticException.class);
    }
}
