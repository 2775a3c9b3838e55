package dev.seedbed.controlplane.generation;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code seedbed.generation.*}.
 *
 * @param maxOpen generations that one replica runs at a time; more are refused as OVERLOADED
 * @param maxDuration after which a generation ends with DEADLINE_EXCEEDED, whatever its client asked for
 * @param maxDispatches calls to the engine for one generation, continuations included
 */
@ConfigurationProperties("seedbed.generation")
public record GenerationProperties(
        @DefaultValue("1024") int maxOpen,
        @DefaultValue("10m") Duration maxDuration,
        @DefaultValue("8") int maxDispatches) {

    public GenerationProperties {
        if (maxOpen < 1 || maxDispatches < 1 || maxDuration.isNegative() || maxDuration.isZero()) {
            throw new IllegalArgumentException(
                    "seedbed.generation out of range: max-open %d, max-duration %s, max-dispatches %d (expected: positive)"
                            .formatted(maxOpen, maxDuration, maxDispatches));
        }
    }
}
