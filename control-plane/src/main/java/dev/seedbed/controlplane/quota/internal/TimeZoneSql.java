package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.tenant.TenantId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on tenants' time zones and on the windows that follow them. */
@Repository
class TimeZoneSql {

    private final JdbcClient jdbc;

    TimeZoneSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    ZoneId of(TenantId tenant) {
        return ZoneId.of(jdbc.sql("SELECT time_zone FROM quota_subject WHERE subject = :tenant")
                .param("tenant", Subject.of(tenant).toString())
                .query(String.class)
                .optional()
                .orElse("UTC"));
    }

    /** Locks the days and months of the tenant, its projects and its keys that are not over, by budget_id. */
    void lockWindows(TenantId tenant) {
        jdbc.sql("""
                SELECT budget_id FROM quota_budget
                WHERE tenant_id = :tenant AND window_kind IN ('DAY', 'MONTH') AND window_end > now()
                ORDER BY budget_id
                FOR NO KEY UPDATE
                """).param("tenant", tenant.value()).query(Long.class).list();
    }

    /** On this database's clock, not as of the start of the transaction. */
    Instant now() {
        return Objects.requireNonNull(jdbc.sql("SELECT clock_timestamp()")
                        .query(OffsetDateTime.class)
                        .single())
                .toInstant();
    }

    private record Window(long budgetId, Instant end) {}

    /** Moves the ends of the tenant's days and months that are open. They must be locked. */
    void moveEnds(TenantId tenant, Instant now, UnaryOperator<Instant> end) {
        var windows = jdbc.sql("""
                SELECT budget_id, window_end FROM quota_budget
                WHERE tenant_id = :tenant AND window_kind IN ('DAY', 'MONTH') AND window_start < :now AND :now < window_end
                """)
                .param("tenant", tenant.value())
                .param("now", now.atOffset(ZoneOffset.UTC))
                .query((row, n) -> new Window(
                        row.getLong("budget_id"),
                        row.getObject("window_end", OffsetDateTime.class).toInstant()))
                .list();
        jdbc.sql("""
                UPDATE quota_budget AS budget SET window_end = moved.window_end
                FROM unnest(:ids::bigint[], :ends::timestamptz[]) AS moved(budget_id, window_end)
                WHERE budget.budget_id = moved.budget_id
                """)
                .param("ids", windows.stream().map(Window::budgetId).toArray(Long[]::new))
                .param("ends", texts(windows, end))
                .update();
    }

    private static String[] texts(List<Window> windows, UnaryOperator<Instant> end) {
        return windows.stream()
                .map(window -> end.apply(window.end()).toString())
                .toArray(String[]::new);
    }

    /** The tenant's subject must be there and locked. */
    void set(TenantId tenant, ZoneId zone) {
        jdbc.sql("UPDATE quota_subject SET time_zone = :zone WHERE subject = :tenant")
                .param("zone", zone.getId())
                .param("tenant", Subject.of(tenant).toString())
                .update();
    }
}
