package dev.seedbed.controlplane.generation.http;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.UsageQuery;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of {@code GET /v1/usage}, in the shape of OpenAI's usage API: times are seconds since the epoch.
 *
 * @param query from the first bucket of the page on
 * @param buckets most of the page
 */
record UsageParameters(UsageQuery query, int buckets) {

    private static final Set<String> KNOWN =
            Set.of("start_time", "end_time", "bucket_width", "group_by", "group_by[]", "limit", "page");

    /** The last second of the year 9999, as far as timestamps are worth telling. */
    private static final long LAST_SECOND = 253_402_300_799L;

    /** @param now first moment that cannot have any usage yet */
    static UsageParameters parse(TenantId tenant, Map<String, List<String>> given, Instant now) {
        given.keySet().stream()
                .filter(name -> !KNOWN.contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw invalid(Fields.shown(name), "unknown parameter: " + Fields.shown(name));
                });
        var width = width(given);
        var start = number(given, "start_time", 0, LAST_SECOND);
        if (start == null) {
            throw invalid("start_time", "start_time is missing (expected: seconds since the epoch)");
        }
        var end = number(given, "end_time", 0, LAST_SECOND);
        // The present second may still get usage: it counts, and the next one does not.
        var until = end == null ? now.getEpochSecond() + 1 : end;
        var page = number(given, "page", 0, LAST_SECOND);
        var from = page == null ? start : Math.max(start, page);
        if (from >= until) {
            throw invalid(
                    end == null ? "start_time" : "end_time",
                    "%s out of range: %d (expected: start_time before end_time, which is %d)"
                            .formatted(end == null ? "start_time" : "end_time", end == null ? start : end, until));
        }
        var buckets = number(given, "limit", 1, width.mostBuckets());
        return new UsageParameters(
                new UsageQuery(tenant, Instant.ofEpochSecond(from), Instant.ofEpochSecond(until), width, groups(given)),
                buckets == null ? width.defaultBuckets() : Math.toIntExact(buckets));
    }

    private static UsageQuery.Width width(Map<String, List<String>> given) {
        var text = single(given, "bucket_width");
        if (text == null) {
            return UsageQuery.Width.DAY;
        }
        return Arrays.stream(UsageQuery.Width.values())
                .filter(width -> width.text().equals(text))
                .findFirst()
                .orElseThrow(() -> invalid(
                        "bucket_width", "bucket_width unknown: %s (expected: 1h or 1d)".formatted(Fields.shown(text))));
    }

    private static Set<UsageQuery.Group> groups(Map<String, List<String>> given) {
        var groups = EnumSet.noneOf(UsageQuery.Group.class);
        for (var name : List.of("group_by", "group_by[]")) {
            given.getOrDefault(name, List.of()).stream()
                    .flatMap(texts -> Arrays.stream(texts.split(",", -1)))
                    .forEach(text -> groups.add(group(text)));
        }
        return groups;
    }

    private static UsageQuery.Group group(String text) {
        return Arrays.stream(UsageQuery.Group.values())
                .filter(group -> group.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElseThrow(() -> invalid(
                        "group_by",
                        "group_by unknown: %s (expected: project, api_key or model)".formatted(Fields.shown(text))));
    }

    private static @Nullable Long number(Map<String, List<String>> given, String name, long low, long high) {
        var text = single(given, name);
        if (text == null) {
            return null;
        }
        try {
            var number = Long.parseLong(text);
            if (number >= low && number <= high) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through to the same answer.
        }
        throw invalid(name, "%s out of range: %s (expected: %d..%d)".formatted(name, Fields.shown(text), low, high));
    }

    private static @Nullable String single(Map<String, List<String>> given, String name) {
        var values = given.getOrDefault(name, List.of());
        if (values.size() > 1) {
            throw invalid(name, "%s given %d times (expected: once)".formatted(name, values.size()));
        }
        return values.isEmpty() ? null : values.getFirst();
    }
}
