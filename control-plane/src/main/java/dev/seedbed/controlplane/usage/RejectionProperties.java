package dev.seedbed.controlplane.usage;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code seedbed.rejections.*}: how much of what is refused is kept.
 *
 * @param perSecond rows that one replica writes a second
 * @param perKeyAndCodePerSecond rows of one API key and one error a second
 * @param maxRows rows of the table
 * @param maxAge after which a row goes
 */
@ConfigurationProperties("seedbed.rejections")
public record RejectionProperties(
        @DefaultValue("10") int perSecond,
        @DefaultValue("1") int perKeyAndCodePerSecond,
        @DefaultValue("100000") int maxRows,
        @DefaultValue("7d") Duration maxAge) {

    public RejectionProperties {
        if (perSecond < 1 || perKeyAndCodePerSecond < 1 || maxRows < 1 || maxAge.isNegative() || maxAge.isZero()) {
            throw new IllegalArgumentException(
                    "seedbed.rejections out of range: per-second %d, per-key-and-code-per-second %d, max-rows %d, max-age %s (expected: positive)"
                            .formatted(perSecond, perKeyAndCodePerSecond, maxRows, maxAge));
        }
    }
}
