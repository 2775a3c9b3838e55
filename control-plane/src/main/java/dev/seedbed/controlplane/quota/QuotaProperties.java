package dev.seedbed.controlplane.quota;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code seedbed.quota.*}.
 *
 * @param reservationTtl how long a reservation outlives its owner's last heartbeat, on the database's clock
 * @param heartbeat how often an owner renews its reservations and posts checkpoints
 */
@ConfigurationProperties("seedbed.quota")
public record QuotaProperties(
        @DefaultValue("10s") Duration reservationTtl,
        @DefaultValue("1s") Duration heartbeat) {

    public QuotaProperties {
        if (heartbeat.isNegative()
                || heartbeat.isZero()
                || heartbeat.multipliedBy(4).compareTo(reservationTtl) > 0) {
            throw new IllegalArgumentException(
                    "seedbed.quota.heartbeat out of range: %s (expected: positive, at most a quarter of reservation-ttl %s)"
                            .formatted(heartbeat, reservationTtl));
        }
    }
}
