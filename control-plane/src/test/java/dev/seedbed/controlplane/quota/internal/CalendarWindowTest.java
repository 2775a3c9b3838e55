package dev.seedbed.controlplane.quota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.quota.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CalendarWindowTest {

    @ParameterizedTest
    @CsvSource({
        "DAY, UTC, 2026-11-26T00:00:00Z, 2026-11-26T00:00:00Z, 2026-11-27T00:00:00Z",
        "DAY, UTC, 2026-11-26T23:59:59.999999Z, 2026-11-26T00:00:00Z, 2026-11-27T00:00:00Z",
        "DAY, Asia/Tokyo, 2026-11-26T15:00:00Z, 2026-11-26T15:00:00Z, 2026-11-27T15:00:00Z",
        "DAY, America/Los_Angeles, 2026-11-26T07:59:59Z, 2026-11-25T08:00:00Z, 2026-11-26T08:00:00Z",
        "MONTH, UTC, 2026-12-31T23:59:59Z, 2026-12-01T00:00:00Z, 2027-01-01T00:00:00Z",
        "MONTH, UTC, 2028-02-29T12:00:00Z, 2028-02-01T00:00:00Z, 2028-03-01T00:00:00Z",
        "MONTH, Europe/Berlin, 2026-10-31T23:30:00Z, 2026-10-31T23:00:00Z, 2026-11-30T23:00:00Z",
    })
    void holdsTheMoment(Window window, String zone, Instant now, Instant start, Instant end) {
        assertThat(CalendarWindow.of(window, ZoneId.of(zone), now)).isEqualTo(new CalendarWindow(start, end));
    }

    @Test
    void followsDaylightSavingTime() {
        var berlin = ZoneId.of("Europe/Berlin");

        assertThat(length(CalendarWindow.of(Window.DAY, berlin, Instant.parse("2026-03-29T10:00:00Z"))))
                .isEqualTo(Duration.ofHours(23));
        assertThat(length(CalendarWindow.of(Window.DAY, berlin, Instant.parse("2026-10-25T10:00:00Z"))))
                .isEqualTo(Duration.ofHours(25));
        // There midnight itself was left out.
        assertThat(CalendarWindow.of(Window.DAY, ZoneId.of("America/Sao_Paulo"), Instant.parse("2018-11-04T12:00:00Z"))
                        .start())
                .isEqualTo("2018-11-04T03:00:00Z");
    }

    @ParameterizedTest
    @CsvSource({
        // The same date ends later in the west,
        "UTC, America/Los_Angeles, 2026-12-01T00:00:00Z, 2026-11-30T23:00:00Z, 2026-12-01T08:00:00Z",
        // earlier in the east,
        "UTC, Asia/Tokyo, 2026-12-01T00:00:00Z, 2026-11-30T14:59:59Z, 2026-11-30T15:00:00Z",
        // and at once where it is over already.
        "UTC, Asia/Tokyo, 2026-12-01T00:00:00Z, 2026-11-30T15:00:00Z, 2026-11-30T15:00:00Z",
        "UTC, Asia/Tokyo, 2026-12-01T00:00:00Z, 2026-11-30T16:30:00Z, 2026-11-30T16:30:00Z",
        "Pacific/Pago_Pago, Pacific/Kiritimati, 2026-11-27T11:00:00Z, 2026-11-26T11:00:00Z, 2026-11-26T11:00:00Z",
        "Europe/Berlin, Africa/Johannesburg, 2026-10-25T23:00:00Z, 2026-10-25T10:00:00Z, 2026-10-25T22:00:00Z",
    })
    void endsWithItsDateInAnotherZone(ZoneId from, ZoneId to, Instant end, Instant now, Instant moved) {
        assertThat(CalendarWindow.endIn(to, from, end, now)).isEqualTo(moved);
    }

    @Test
    void keepsItsDateHoweverOftenTheZoneChanges() {
        var zones = List.of("UTC", "Pacific/Pago_Pago", "Europe/Berlin", "America/Los_Angeles", "UTC").stream()
                .map(ZoneId::of)
                .toList();
        var now = Instant.parse("2026-11-26T01:00:00Z");
        var first = CalendarWindow.of(Window.DAY, zones.getFirst(), now);
        var end = first.end();
        for (int i = 1; i < zones.size(); i++) {
            end = CalendarWindow.endIn(zones.get(i), zones.get(i - 1), end, now);
        }
        assertThat(end).isEqualTo(first.end());
    }

    @Test
    void joinsWithoutGapOrOverlap() {
        var zone = ZoneId.of("Australia/Lord_Howe");
        var day = CalendarWindow.of(Window.DAY, zone, Instant.parse("2026-01-01T00:00:00Z"));
        for (int i = 0; i < 400; i++) {
            var next = CalendarWindow.of(Window.DAY, zone, day.end());
            assertThat(next.start()).isEqualTo(day.end());
            assertThat(CalendarWindow.of(Window.DAY, zone, day.end().minusNanos(1_000)))
                    .isEqualTo(day);
            day = next;
        }
    }

    @Test
    void isNoneOfABucket() {
        assertThatThrownBy(() -> CalendarWindow.of(Window.MINUTE, ZoneId.of("UTC"), Instant.EPOCH))
                .hasMessageContaining("MINUTE");
    }

    private static Duration length(CalendarWindow window) {
        return Duration.between(window.start(), window.end());
    }
}
