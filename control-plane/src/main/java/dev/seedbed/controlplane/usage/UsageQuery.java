package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.tenant.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What of a tenant's usage is asked for: buckets of a fixed width, aligned to UTC, over a span of time.
 *
 * @param start first moment that counts
 * @param end first moment that does not count any more, after {@code start}
 * @param groupBy apart by these; empty: everything in one
 */
public record UsageQuery(TenantId tenantId, Instant start, Instant end, Width width, Set<Group> groupBy) {

    /** Names are those of the APIs. */
    public enum Width {
        HOUR("1h", Duration.ofHours(1), 24, 168),
        DAY("1d", Duration.ofDays(1), 7, 31);

        private final String text;
        private final Duration duration;
        private final int defaultBuckets;
        private final int mostBuckets;

        Width(String text, Duration duration, int defaultBuckets, int mostBuckets) {
            this.text = text;
            this.duration = duration;
            this.defaultBuckets = defaultBuckets;
            this.mostBuckets = mostBuckets;
        }

        public String text() {
            return text;
        }

        public Duration duration() {
            return duration;
        }

        /** Buckets of a page that asks for no number. */
        public int defaultBuckets() {
            return defaultBuckets;
        }

        public int mostBuckets() {
            return mostBuckets;
        }

        /** The beginning of the bucket that a moment lies in. */
        Instant floor(Instant moment) {
            var seconds = duration.toSeconds();
            return Instant.ofEpochSecond(Math.floorDiv(moment.getEpochSecond(), seconds) * seconds);
        }
    }

    /** What usage is told apart by; lower-case names are those of the APIs, a model is a model version. */
    public enum Group {
        PROJECT,
        API_KEY,
        MODEL
    }

    /** A part of the span, from {@code start} to before {@code end}. */
    public record Span(Instant start, Instant end) {}

    public UsageQuery {
        groupBy = Set.copyOf(groupBy);
        if (!start.isBefore(end)) {
            throw new IllegalArgumentException(
                    "usage of no time: %s to %s (expected: start before end)".formatted(start, end));
        }
    }

    /** The first buckets of the span, at most so many; the first and the last are cut to the span. */
    public List<Span> buckets(int atMost) {
        var buckets = new ArrayList<Span>();
        var from = start;
        while (from.isBefore(end) && buckets.size() < atMost) {
            var next = width.floor(from).plus(width.duration());
            var until = next.isBefore(end) ? next : end;
            buckets.add(new Span(from, until));
            from = until;
        }
        return buckets;
    }
}
