package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneId;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on subjects, their overrides and their limits in force. */
@Repository
public class LimitSql {

    private final JdbcClient jdbc;

    LimitSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Writes the limits in force of tenants among the subjects that have none yet. */
    void open(Collection<Subject> subjects) {
        subjects.stream()
                .filter(subject -> subject.kind() == Subject.Kind.TENANT)
                .filter(subject -> inForce(subject).isEmpty())
                .forEach(tenant -> {
                    create(tenant, new TenantId(UUID.fromString(tenant.id())));
                    lock(tenant);
                    if (inForce(tenant).isEmpty()) {
                        write(tenant, LimitsInForce.of(tenant.kind(), List.of(), List.of()));
                    }
                });
    }

    /** Does nothing if it is there. */
    public void create(Subject subject, TenantId tenant) {
        jdbc.sql("INSERT INTO quota_subject (subject, tenant_id) VALUES (:subject, :tenant) ON CONFLICT DO NOTHING")
                .param("subject", subject.toString())
                .param("tenant", tenant.value())
                .update();
    }

    /** Until the end of the transaction nobody else changes its limits or opens windows for it. */
    public void lock(Subject subject) {
        jdbc.sql("SELECT subject FROM quota_subject WHERE subject = :subject FOR UPDATE")
                .param("subject", subject.toString())
                .query(String.class)
                .optional();
    }

    /** The tenant's zone; until the end of the transaction nobody changes limits of the subjects. */
    ZoneId lockZone(Collection<Subject> subjects) {
        var zones = jdbc.sql("""
                SELECT subject, time_zone FROM quota_subject WHERE subject = ANY (:subjects) ORDER BY subject FOR SHARE
                """)
                .param("subjects", BudgetSql.texts(subjects))
                .query((row, n) -> row.getString("subject").startsWith("tenant/") ? row.getString("time_zone") : "")
                .list();
        return ZoneId.of(
                zones.stream().filter(zone -> !zone.isEmpty()).findFirst().orElse("UTC"));
    }

    public List<Limit> inForce(Subject subject) {
        return limits("SELECT * FROM quota_limit WHERE subject = :of", subject.toString());
    }

    public List<Limit> overrides(Subject subject) {
        return limits("SELECT * FROM quota_limit_override WHERE subject = :of", subject.toString());
    }

    /** Limits of the subject's plan; none if it has no plan. */
    public List<Limit> ofPlan(Subject subject) {
        return limits("""
                SELECT quota_plan_limit.* FROM quota_plan_limit JOIN quota_subject USING (plan_id)
                WHERE subject = :of
                """, subject.toString());
    }

    /** By unit and then by window. */
    private List<Limit> limits(String sql, String of) {
        return jdbc.sql(sql).param("of", of).query((row, n) -> limit(row)).list().stream()
                .sorted(Comparator.comparing(Limit::unit).thenComparing(Limit::window))
                .toList();
    }

    static Limit limit(ResultSet row) throws SQLException {
        return new Limit(
                Unit.valueOf(row.getString("unit")),
                Window.valueOf(row.getString("window_kind")),
                amount(row),
                Durability.valueOf(row.getString("durability")));
    }

    private static @Nullable Long amount(ResultSet row) throws SQLException {
        var amount = row.getLong("limit_amount");
        return row.wasNull() ? null : amount;
    }

    /** Replaces the limits in force. The subject must be locked. */
    public void write(Subject subject, Collection<Limit> inForce) {
        jdbc.sql("DELETE FROM quota_limit WHERE subject = :subject")
                .param("subject", subject.toString())
                .update();
        jdbc.sql("""
                INSERT INTO quota_limit (subject, unit, window_kind, limit_amount, durability)
                SELECT :subject, * FROM unnest(:units::text[], :windows::text[], :amounts::bigint[], :durabilities::text[])
                """)
                .param("subject", subject.toString())
                .param(
                        "units",
                        inForce.stream().map(limit -> limit.unit().name()).toArray(String[]::new))
                .param(
                        "windows",
                        inForce.stream().map(limit -> limit.window().name()).toArray(String[]::new))
                .param("amounts", inForce.stream().map(Limit::amount).toArray(Long[]::new))
                .param(
                        "durabilities",
                        inForce.stream().map(limit -> limit.durability().name()).toArray(String[]::new))
                .update();
    }

    /** The subject must be there and locked. */
    public void override(Subject subject, Limit limit) {
        jdbc.sql("""
                INSERT INTO quota_limit_override (subject, unit, window_kind, limit_amount, durability)
                VALUES (:subject, :unit, :window, :amount::bigint, :durability)
                ON CONFLICT (subject, unit, window_kind)
                DO UPDATE SET limit_amount = excluded.limit_amount, durability = excluded.durability
                """)
                .param("subject", subject.toString())
                .param("unit", limit.unit().name())
                .param("window", limit.window().name())
                .param("amount", limit.amount())
                .param("durability", limit.durability().name())
                .update();
    }

    public void removeOverride(Subject subject, Limit.Key key) {
        jdbc.sql("""
                DELETE FROM quota_limit_override WHERE subject = :subject AND unit = :unit AND window_kind = :window
                """)
                .param("subject", subject.toString())
                .param("unit", key.unit().name())
                .param("window", key.window().name())
                .update();
    }
}
