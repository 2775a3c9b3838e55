package dev.seedbed.controlplane.usage;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chooses which rejections are kept: at most so many a second of one key and error, and of all. What one caller floods with does
 * not hide what happens to others. Not thread-safe; reads no clock.
 */
final class RejectionSampler {

    /** Pairs that are remembered; one that is forgotten begins anew. */
    private static final int MOST_PAIRS = 1_000;

    private static final double NANOS_PER_SECOND = 1e9;

    private record Pair(@Nullable String apiKeyId, String code) {}

    private final int perPair;
    private final Bucket all;
    private final Map<Pair, Bucket> pairs = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Pair, Bucket> eldest) {
            return size() > MOST_PAIRS;
        }
    };

    /**
     * @param perSecond rows a second of all, also the most at once
     * @param perPair rows a second of one key and error, also the most at once
     */
    RejectionSampler(int perSecond, int perPair, long nowNanos) {
        this.perPair = perPair;
        this.all = new Bucket(perSecond, nowNanos);
    }

    /** @param nowNanos never before that of an earlier call */
    boolean keeps(@Nullable String apiKeyId, String code, long nowNanos) {
        var pair = pairs.computeIfAbsent(new Pair(apiKeyId, code), absent -> new Bucket(perPair, nowNanos));
        // Both or none: what the bound of all refuses must not use up the pair's own.
        if (!pair.hasOne(nowNanos) || !all.hasOne(nowNanos)) {
            return false;
        }
        pair.takeOne();
        all.takeOne();
        return true;
    }

    /** Fills with {@code perSecond} a second, up to that number. */
    private static final class Bucket {

        private final int perSecond;
        private double level;
        private long filledAtNanos;

        private Bucket(int perSecond, long nowNanos) {
            this.perSecond = perSecond;
            this.level = perSecond;
            this.filledAtNanos = nowNanos;
        }

        private boolean hasOne(long nowNanos) {
            level = Math.min(perSecond, level + (nowNanos - filledAtNanos) / NANOS_PER_SECOND * perSecond);
            filledAtNanos = nowNanos;
            return level >= 1;
        }

        private void takeOne() {
            level--;
        }
    }
}
