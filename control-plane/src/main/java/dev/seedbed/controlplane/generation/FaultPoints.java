package dev.seedbed.controlplane.generation;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.stereotype.Component;

/**
 * Ends this process without any clean-up when {@code seedbed.faults.halt-at} is reached, as {@code kill -9} would: for tests of what
 * a crash leaves behind. Only in profile {@code faults}.
 */
@Component
class FaultPoints {

    /** Exit status of a process that SIGKILL ended. */
    private static final int KILLED = 137;

    private final @Nullable FaultPoint haltAt;

    FaultPoints(Environment environment) {
        this.haltAt = environment.getProperty("seedbed.faults.halt-at", FaultPoint.class);
        if (haltAt != null && !environment.acceptsProfiles(Profiles.of("faults"))) {
            throw new IllegalStateException(
                    "seedbed.faults.halt-at is set: %s (expected: only in profile faults, active: %s)"
                            .formatted(haltAt, Arrays.toString(environment.getActiveProfiles())));
        }
    }

    void reached(FaultPoint point) {
        if (point == haltAt) {
            Runtime.getRuntime().halt(KILLED);
        }
    }
}
