package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.usage.internal.UsageReportSql;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Sums of the ledger over time, for the tenant whose they are. */
@Service
public class UsageReport {

    private final UsageReportSql sums;

    UsageReport(UsageReportSql sums) {
        this.sums = sums;
    }

    /** One page. @param nextStart null: there is no more; else {@code start} of the query for the next page, in the same span */
    public record Page(List<UsageBucket> buckets, @Nullable Instant nextStart) {}

    /** The first buckets of a query, empty ones too. @param atMost how many, >= 1 */
    @Transactional(readOnly = true)
    public Page of(UsageQuery query, int atMost) {
        var spans = query.buckets(atMost);
        var end = spans.getLast().end();
        var lines = sums.read(query, end);
        var buckets = spans.stream()
                .map(span ->
                        new UsageBucket(span, lines.getOrDefault(query.width().floor(span.start()), List.of())))
                .toList();
        return new Page(buckets, end.isBefore(query.end()) ? end : null);
    }
}
