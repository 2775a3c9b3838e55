package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Window;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;

/**
 * The day or month that holds a moment, where it is that day or month. Pure.
 *
 * @param start inclusive
 * @param end exclusive: the next one's start
 */
public record CalendarWindow(Instant start, Instant end) {

    /** @param window DAY or MONTH */
    static CalendarWindow of(Window window, ZoneId zone, Instant now) {
        var day = now.atZone(zone).toLocalDate();
        return switch (window) {
            // A day may have 23 or 25 hours, and may not begin at midnight.
            case DAY -> new CalendarWindow(start(day, zone), start(day.plusDays(1), zone));
            case MONTH -> {
                var first = day.withDayOfMonth(1);
                yield new CalendarWindow(start(first, zone), start(first.plus(1, ChronoUnit.MONTHS), zone));
            }
            case EVER, HOUR, MINUTE -> throw new IllegalArgumentException("window without a calendar: " + window);
        };
    }

    /**
     * When an open window ends that was to end at {@code end} in one zone and follows another from now on: where the same date ends
     * there, or now if it has ended there. So each date has one window, however often the zone changes.
     */
    static Instant endIn(ZoneId to, ZoneId from, Instant end, Instant now) {
        var there = start(end.atZone(from).toLocalDate(), to);
        return there.isAfter(now) ? there : now;
    }

    private static Instant start(LocalDate day, ZoneId zone) {
        return day.atStartOfDay(zone).toInstant();
    }
}
