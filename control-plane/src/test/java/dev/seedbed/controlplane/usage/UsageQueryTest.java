package dev.seedbed.controlplane.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.UsageQuery.Span;
import dev.seedbed.controlplane.usage.UsageQuery.Width;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class UsageQueryTest {

    @Test
    void cutsTheFirstAndTheLastBucketToTheSpan() {
        assertThat(query("2026-11-26T09:30:00Z", "2026-11-26T11:15:00Z", Width.HOUR)
                        .buckets(10))
                .containsExactly(
                        span("2026-11-26T09:30:00Z", "2026-11-26T10:00:00Z"),
                        span("2026-11-26T10:00:00Z", "2026-11-26T11:00:00Z"),
                        span("2026-11-26T11:00:00Z", "2026-11-26T11:15:00Z"));
    }

    @Test
    void beginsDaysAtMidnightUtc() {
        assertThat(query("2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z", Width.DAY)
                        .buckets(10))
                .containsExactly(
                        span("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"),
                        span("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"));
    }

    @Test
    void stopsAtTheSizeOfAPage() {
        assertThat(query("2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z", Width.HOUR)
                        .buckets(2))
                .last()
                .isEqualTo(span("2026-11-25T01:00:00Z", "2026-11-25T02:00:00Z"));
    }

    @Test
    void refusesASpanOfNoTime() {
        assertThatThrownBy(() -> query("2026-11-27T00:00:00Z", "2026-11-27T00:00:00Z", Width.DAY))
                .hasMessageContaining("start before end");
    }

    private static UsageQuery query(String start, String end, Width width) {
        return new UsageQuery(new TenantId(new UUID(0, 1)), Instant.parse(start), Instant.parse(end), width, Set.of());
    }

    private static Span span(String start, String end) {
        return new Span(Instant.parse(start), Instant.parse(end));
    }
}
