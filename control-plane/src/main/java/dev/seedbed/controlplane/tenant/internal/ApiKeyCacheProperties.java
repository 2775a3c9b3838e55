package dev.seedbed.controlplane.tenant.internal;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code seedbed.api-key-cache.*}.
 *
 * @param size most keys that a replica remembers
 * @param echoPeriod how often the channel of changes is proven
 * @param trust how old that proof may be before every key is read from the database; a revocation is at most this late
 * @param grace how long remembered keys go on after the last proof when the database is away
 */
@ConfigurationProperties("seedbed.api-key-cache")
record ApiKeyCacheProperties(
        @DefaultValue("10000") int size,
        @DefaultValue("200ms") Duration echoPeriod,
        @DefaultValue("500ms") Duration trust,
        @DefaultValue("5s") Duration grace) {

    private static final Duration LONGEST_TRUST = Duration.ofSeconds(1);
    private static final Duration RECHECK = Duration.ofMinutes(1);

    ApiKeyCacheProperties {
        if (size < 1) {
            throw new IllegalArgumentException(
                    "seedbed.api-key-cache.size out of range: %d (expected: at least 1)".formatted(size));
        }
        if (trust.compareTo(LONGEST_TRUST) > 0) {
            throw new IllegalArgumentException("seedbed.api-key-cache.trust out of range: %s (expected: at most %s)"
                    .formatted(trust, LONGEST_TRUST));
        }
        if (!echoPeriod.isPositive() || echoPeriod.multipliedBy(2).compareTo(trust) > 0) {
            throw new IllegalArgumentException(
                    "seedbed.api-key-cache.echo-period out of range: %s (expected: positive, at most half of trust %s)"
                            .formatted(echoPeriod, trust));
        }
        if (grace.compareTo(trust) < 0) {
            throw new IllegalArgumentException(
                    "seedbed.api-key-cache.grace out of range: %s (expected: at least trust %s)"
                            .formatted(grace, trust));
        }
    }

    Freshness freshness() {
        return new Freshness(trust, RECHECK, grace);
    }
}
