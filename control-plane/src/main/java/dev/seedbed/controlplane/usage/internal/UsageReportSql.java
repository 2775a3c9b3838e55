package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.Account;
import dev.seedbed.controlplane.usage.UsageBucket;
import dev.seedbed.controlplane.usage.UsageQuery;
import dev.seedbed.controlplane.usage.UsageQuery.Group;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Sums of the ledger by time and by what the generations' records say. */
@Repository
public class UsageReportSql {

    private final JdbcClient jdbc;

    UsageReportSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    private record Key(
            Instant bucket,
            @Nullable UUID projectId,
            @Nullable String apiKeyId,
            @Nullable String model) {}

    /**
     * Lines by the beginning of their bucket, from the start of the query on.
     *
     * @param end first moment that does not count any more
     */
    public Map<Instant, List<UsageBucket.Line>> read(UsageQuery query, Instant end) {
        var amounts = new LinkedHashMap<Key, Map<Unit, Long>>();
        jdbc.sql("""
                        SELECT date_bin(:width_seconds * interval '1 second', entry.create_time, timestamptz 'epoch') AS bucket,
                               CASE WHEN :by_project THEN generation.project_id END AS project_id,
                               CASE WHEN :by_key THEN generation.api_key_id END AS api_key_id,
                               CASE WHEN :by_model THEN generation.model_version END AS model,
                               entry.unit,
                               sum(entry.amount) AS amount
                          FROM (SELECT request_id, unit, amount, create_time FROM usage_ledger_entry
                                 WHERE debit_account = :account AND create_time >= :start AND create_time < :end
                                 UNION ALL
                                SELECT request_id, unit, -amount, create_time FROM usage_ledger_entry
                                 WHERE credit_account = :account AND credit_account <> 'platform/work'
                                   AND create_time >= :start AND create_time < :end) AS entry
                          LEFT JOIN usage_generation AS generation USING (request_id)
                         GROUP BY 1, 2, 3, 4, 5
                         ORDER BY 1, 2, 3, 4, 5
                        """)
                .param("width_seconds", query.width().duration().toSeconds())
                .param("by_project", query.groupBy().contains(Group.PROJECT))
                .param("by_key", query.groupBy().contains(Group.API_KEY))
                .param("by_model", query.groupBy().contains(Group.MODEL))
                .param("account", Account.of(query.tenantId()).name())
                .param("start", query.start().atOffset(ZoneOffset.UTC))
                .param("end", end.atOffset(ZoneOffset.UTC))
                .query(row -> {
                    var key = new Key(
                            row.getObject("bucket", OffsetDateTime.class).toInstant(),
                            row.getObject("project_id", UUID.class),
                            row.getString("api_key_id"),
                            row.getString("model"));
                    amounts.computeIfAbsent(key, absent -> new EnumMap<>(Unit.class))
                            .put(Unit.valueOf(row.getString("unit")), row.getLong("amount"));
                });
        var lines = new LinkedHashMap<Instant, List<UsageBucket.Line>>();
        amounts.forEach((key, sums) -> lines.computeIfAbsent(key.bucket(), absent -> new ArrayList<>())
                .add(new UsageBucket.Line(key.projectId(), key.apiKeyId(), key.model(), sums)));
        return lines;
    }
}
