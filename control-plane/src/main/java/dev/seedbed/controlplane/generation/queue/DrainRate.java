package dev.seedbed.controlplane.generation.queue;

import java.time.Duration;

/**
 * How fast places become free while somebody waits for one: an exponentially weighted mean of the time between completions. Used
 * by one thread at a time.
 */
final class DrainRate {

    private static final double WEIGHT_OF_THE_NEWEST = 0.1;
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private double meanNanos;
    private boolean measured;
    private boolean waited;
    private long lastNanos;

    /** @param somebodyWaits otherwise the next interval says how fast requests come, not how fast they go */
    void completed(long nowNanos, boolean somebodyWaits) {
        if (waited) {
            var interval = nowNanos - lastNanos;
            meanNanos = measured ? meanNanos + WEIGHT_OF_THE_NEWEST * (interval - meanNanos) : interval;
            measured = true;
        }
        lastNanos = nowNanos;
        waited = somebodyWaits;
    }

    /**
     * When a request that comes behind so many others may find a place: 1 to 60 s. A drain that has come to a halt counts with the
     * time that it has stood still.
     */
    Duration retryAfter(long nowNanos, int waiting) {
        var still = waited ? nowNanos - lastNanos : 0;
        var nanos = Math.max(measured ? meanNanos : 0, still) * (waiting + 1);
        return Duration.ofNanos((long) Math.clamp(nanos, (double) SHORTEST.toNanos(), (double) LONGEST.toNanos()));
    }
}
