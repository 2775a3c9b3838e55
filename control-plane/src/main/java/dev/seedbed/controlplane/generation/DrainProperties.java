package dev.seedbed.controlplane.generation;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code seedbed.drain.*}: what happens between the signal to end and the end. Whoever sends the signal must wait for the sum of
 * both and five seconds more before it kills.
 *
 * @param readinessDelay how long requests are still served after readiness fell: until load balancers have noticed
 * @param streamGrace how long open generations may go on after that
 */
@ConfigurationProperties("seedbed.drain")
public record DrainProperties(
        @DefaultValue("5s") Duration readinessDelay,
        @DefaultValue("20s") Duration streamGrace) {

    public DrainProperties {
        if (readinessDelay.isNegative() || streamGrace.isNegative()) {
            throw new IllegalArgumentException(
                    "seedbed.drain out of range: readiness-delay %s, stream-grace %s (expected: not negative)"
                            .formatted(readinessDelay, streamGrace));
        }
    }
}
