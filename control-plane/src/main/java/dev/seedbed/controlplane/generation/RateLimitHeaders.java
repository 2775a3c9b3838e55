package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.Unit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Limits as headers of an HTTP answer and as metadata of a gRPC call: OpenAI's {@code x-ratelimit-*}, which have room for one limit
 * of requests and one of tokens, and {@code RateLimit} beside them, which lists all. Pure.
 */
public final class RateLimitHeaders {

    private RateLimitHeaders() {}

    /** Lower-case names, each with at least one value. */
    public static Map<String, List<String>> of(List<RateLimit> limits) {
        var headers = new LinkedHashMap<String, List<String>>();
        tightest(headers, limits, Unit.REQUEST, "requests");
        tightest(headers, limits, Unit.OUTPUT_TOKEN, "tokens");
        for (var limit : limits) {
            add(headers, "ratelimit-policy", policy(limit));
            add(headers, "ratelimit", state(limit));
        }
        return headers;
    }

    /** The one that a caller meets first. */
    private static void tightest(Map<String, List<String>> headers, List<RateLimit> limits, Unit unit, String word) {
        limits.stream()
                .filter(limit -> limit.unit() == unit)
                .min(Comparator.comparingLong(RateLimit::remaining))
                .ifPresent(limit -> {
                    add(headers, "x-ratelimit-limit-" + word, Long.toString(limit.limit()));
                    add(headers, "x-ratelimit-remaining-" + word, Long.toString(limit.remaining()));
                    if (limit.reset() != null) {
                        add(headers, "x-ratelimit-reset-" + word, spelled(limit.reset()));
                    }
                });
    }

    private static void add(Map<String, List<String>> headers, String name, String value) {
        headers.computeIfAbsent(name, absent -> new ArrayList<>()).add(value);
    }

    private static String policy(RateLimit limit) {
        var seconds = windowSeconds(limit.window());
        return "\"%s\";q=%d%s;qu=\"%s\""
                .formatted(limit.name(), limit.limit(), seconds == null ? "" : ";w=" + seconds, unit(limit.unit()));
    }

    private static String unit(Unit unit) {
        return switch (unit) {
            case REQUEST -> "requests";
            case CONCURRENT_REQUEST -> "concurrent-requests";
            case INPUT_TOKEN, CACHED_INPUT_TOKEN, OUTPUT_TOKEN -> "tokens";
            case POSITION -> "positions";
            case MICRO_USD -> "micro-usd";
            case MICRO_EUR -> "micro-eur";
        };
    }

    private static String state(RateLimit limit) {
        var reset = limit.reset();
        return "\"%s\";r=%d%s"
                .formatted(limit.name(), limit.remaining(), reset == null ? "" : ";t=" + wholeSeconds(reset));
    }

    private static @Nullable Long windowSeconds(String window) {
        return switch (window) {
            case "minute" -> 60L;
            case "hour" -> 3_600L;
            case "day" -> 86_400L;
            // A month has no fixed length, and a whole life none at all.
            default -> null;
        };
    }

    /** As Go spells durations, in hours, minutes and seconds, with milliseconds below a second: {@code 6m0s}, {@code 250ms}. */
    static String spelled(Duration duration) {
        if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
            return duration.toMillis() + "ms";
        }
        var seconds = wholeSeconds(duration);
        var text = new StringBuilder();
        if (seconds >= 3_600) {
            text.append(seconds / 3_600).append('h');
        }
        if (seconds >= 60) {
            text.append(seconds / 60 % 60).append('m');
        }
        return text.append(seconds % 60).append('s').toString();
    }

    /** Rounded up: who waits so long finds what was promised. */
    private static long wholeSeconds(Duration duration) {
        return duration.plusNanos(999_999_999).toSeconds();
    }
}
