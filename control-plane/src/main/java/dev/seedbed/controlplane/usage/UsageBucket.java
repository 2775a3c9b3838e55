package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.quota.Unit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a tenant used in a part of the time: the ledger's sums, empty when there are none. */
public record UsageBucket(UsageQuery.Span span, List<Line> lines) {

    /**
     * The sums of one group; what was not grouped by is null, and so is what the ledger's request has no record of.
     *
     * @param amounts in the unit; what was taken back is subtracted
     */
    public record Line(
            @Nullable UUID projectId,
            @Nullable String apiKeyId,
            @Nullable String model,
            Map<Unit, Long> amounts) {}
}
