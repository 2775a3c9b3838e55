package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.springframework.mock.env.MockEnvironment;

class FaultPointsTest {

    private final MockEnvironment environment =
            new MockEnvironment().withProperty("seedbed.faults.halt-at", "MID_STREAM");

    @Test
    void areRefusedOutsideTheirProfile() {
        assertThatThrownBy(() -> new FaultPoints(environment))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("MID_STREAM")
                .hasMessageContaining("profile faults");
    }

    @Test
    void doNothingAtOtherPlaces() {
        environment.setActiveProfiles("faults");
        var faults = new FaultPoints(environment);

        assertThatCode(() -> faults.reached(FaultPoint.SETTLING)).doesNotThrowAnyException();
    }
}
