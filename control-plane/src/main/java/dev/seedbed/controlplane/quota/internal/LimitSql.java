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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on subjects, their overrides and their limits in force. */
@Repository
public class LimitSql {

    public static final Comparator<Limit> BY_UNIT_AND_WINDOW =
            Comparator.comparing(Limit::unit).thenComparing(Limit::window);

    private final JdbcClient jdbc;

    LimitSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Writes the limits in force of tenants among the subjects that have none yet. */
    public void open(Collection<Subject> subjects) {
        subjects.stream()
                .filter(subject -> subject.kind() == Subject.Kind.TENANT)
                .filter(subject -> inForce(subject).isEmpty())
                .forEach(tenant -> {
                    create(tenant, new TenantId(UUID.fromString(tenant.id())));
                    lock(List.of(tenant));
                    if (inForce(tenant).isEmpty()) {
                        write(Map.of(tenant, LimitsInForce.of(tenant.kind(), List.of(), List.of())));
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

    /** Until the end of the transaction nobody else changes their limits or opens windows for them. */
    public void lock(Collection<Subject> subjects) {
        jdbc.sql("SELECT subject FROM quota_subject WHERE subject = ANY (:subjects) ORDER BY subject FOR UPDATE")
                .param("subjects", BudgetSql.texts(subjects))
                .query(String.class)
                .list();
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

    /** By unit and then by window. */
    public List<Limit> inForce(Subject subject) {
        return inForce(List.of(subject)).getOrDefault(subject, List.of());
    }

    /** Subjects without limits are left out, here and below. */
    public Map<Subject, List<Limit>> inForce(Collection<Subject> subjects) {
        return limits("SELECT * FROM quota_limit WHERE subject = ANY (:subjects)", subjects);
    }

    public Map<Subject, List<Limit>> overrides(Collection<Subject> subjects) {
        return limits("SELECT * FROM quota_limit_override WHERE subject = ANY (:subjects)", subjects);
    }

    /** Limits of the subjects' plans. */
    public Map<Subject, List<Limit>> ofPlans(Collection<Subject> subjects) {
        return limits("""
                SELECT subject, quota_plan_limit.* FROM quota_plan_limit JOIN quota_subject USING (plan_id)
                WHERE subject = ANY (:subjects)
                """, subjects);
    }

    private Map<Subject, List<Limit>> limits(String sql, Collection<Subject> subjects) {
        record Row(Subject subject, Limit limit) {}
        return jdbc
                .sql(sql)
                .param("subjects", BudgetSql.texts(subjects))
                .query((row, n) -> new Row(Subject.parse(row.getString("subject")), limit(row)))
                .list()
                .stream()
                .sorted(Comparator.comparing(Row::limit, BY_UNIT_AND_WINDOW))
                .collect(Collectors.groupingBy(Row::subject, Collectors.mapping(Row::limit, Collectors.toList())));
    }

    /** How many limits in force the subjects of tenants have that refuse anything. */
    public Map<TenantId, Map<Subject, Integer>> limited(Collection<TenantId> tenants) {
        var counts = new HashMap<TenantId, Map<Subject, Integer>>();
        jdbc.sql("""
                SELECT tenant_id, subject, count(*) AS limited FROM quota_subject JOIN quota_limit USING (subject)
                WHERE tenant_id = ANY (:tenants) AND limit_amount IS NOT NULL
                GROUP BY tenant_id, subject
                """)
                .param("tenants", tenants.stream().map(TenantId::value).toArray(UUID[]::new))
                .query((row, n) -> counts.computeIfAbsent(
                                new TenantId(row.getObject("tenant_id", UUID.class)), tenant -> new HashMap<>())
                        .put(Subject.parse(row.getString("subject")), row.getInt("limited")))
                .list();
        return counts;
    }

    public static Limit limit(ResultSet row) throws SQLException {
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

    /** Replaces the limits in force. The subjects must be locked. */
    public void write(Map<Subject, List<Limit>> inForce) {
        jdbc.sql("DELETE FROM quota_limit WHERE subject = ANY (:subjects)")
                .param("subjects", BudgetSql.texts(inForce.keySet()))
                .update();
        jdbc.sql("""
                INSERT INTO quota_limit (subject, unit, window_kind, limit_amount, durability)
                SELECT * FROM unnest(:subjects::text[], :units::text[], :windows::text[], :amounts::bigint[], :durabilities::text[])
                """).params(LimitColumns.of(inForce)).update();
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
