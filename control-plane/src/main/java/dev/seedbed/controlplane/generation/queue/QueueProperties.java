package dev.seedbed.controlplane.generation.queue;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code seedbed.generation.queue.*}.
 *
 * @param maxInFlight generations that one replica has at the engine at a time. The default is the engine's own
 *     {@code max_inflight}: a single replica then never sends what the engine would refuse, and several find their part by its
 *     refusals
 * @param maxWaiting generations that wait for a place; one more, and the least wanted of them is shed
 * @param maxWait how long a generation may wait in all, whatever its own deadline
 */
@ConfigurationProperties("seedbed.generation.queue")
public record QueueProperties(
        @DefaultValue("256") int maxInFlight,
        @DefaultValue("512") int maxWaiting,
        @DefaultValue("30s") Duration maxWait) {

    public QueueProperties {
        if (maxInFlight < 1 || maxWaiting < 0 || maxWait.isNegative() || maxWait.isZero()) {
            throw new IllegalArgumentException(
                    "seedbed.generation.queue out of range: max-in-flight %d, max-waiting %d, max-wait %s (expected: >= 1, >= 0, positive)"
                            .formatted(maxInFlight, maxWaiting, maxWait));
        }
    }
}
