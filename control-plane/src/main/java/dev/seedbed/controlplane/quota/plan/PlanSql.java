package dev.seedbed.controlplane.quota.plan;

import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.bounds.BoundsJson;
import dev.seedbed.controlplane.quota.internal.LimitSql;
import dev.seedbed.controlplane.tenant.TenantId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on plans and on which subjects have them. */
@Repository
class PlanSql {

    private final JdbcClient jdbc;

    PlanSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** @return whether the name was free */
    boolean insert(UUID id, String name) {
        return jdbc.sql("INSERT INTO quota_plan (plan_id, name) VALUES (:id, :name) ON CONFLICT DO NOTHING")
                        .param("id", id)
                        .param("name", name)
                        .update()
                == 1;
    }

    /** Until the end of the transaction nobody else changes, assigns or deletes it. */
    void lock(UUID id) {
        jdbc.sql("SELECT name FROM quota_plan WHERE plan_id = :id FOR UPDATE")
                .param("id", id)
                .query(String.class)
                .list();
    }

    /** Until the end of the transaction nobody changes or deletes it. @return empty: there is none of this name */
    Optional<UUID> share(String name) {
        return jdbc.sql("SELECT plan_id FROM quota_plan WHERE name = :name FOR SHARE")
                .param("name", name)
                .query(UUID.class)
                .optional();
    }

    /** The plan must be locked. */
    void replaceLimits(UUID id, List<Limit> limits) {
        jdbc.sql("DELETE FROM quota_plan_limit WHERE plan_id = :id")
                .param("id", id)
                .update();
        jdbc.sql("""
                INSERT INTO quota_plan_limit (plan_id, unit, window_kind, limit_amount, durability)
                SELECT :id, * FROM unnest(:units::text[], :windows::text[], :amounts::bigint[], :durabilities::text[])
                """)
                .param("id", id)
                .param(
                        "units",
                        limits.stream().map(limit -> limit.unit().name()).toArray(String[]::new))
                .param(
                        "windows",
                        limits.stream().map(limit -> limit.window().name()).toArray(String[]::new))
                .param("amounts", limits.stream().map(Limit::amount).toArray(Long[]::new))
                .param(
                        "durabilities",
                        limits.stream().map(limit -> limit.durability().name()).toArray(String[]::new))
                .update();
        jdbc.sql("UPDATE quota_plan SET update_time = now() WHERE plan_id = :id")
                .param("id", id)
                .update();
    }

    /** The plan must be locked. */
    void setBounds(UUID id, Bounds bounds) {
        jdbc.sql("UPDATE quota_plan SET bounds = :bounds::jsonb, update_time = now() WHERE plan_id = :id")
                .param("bounds", BoundsJson.write(bounds))
                .param("id", id)
                .update();
    }

    /** The plan must be locked and nobody's. */
    void delete(UUID id) {
        jdbc.sql("DELETE FROM quota_plan WHERE plan_id = :id").param("id", id).update();
    }

    /** Whose the plan is, with their tenants. */
    Map<Subject, TenantId> subjects(UUID id) {
        var subjects = new LinkedHashMap<Subject, TenantId>();
        jdbc.sql("SELECT subject, tenant_id FROM quota_subject WHERE plan_id = :id ORDER BY subject")
                .param("id", id)
                .query(row -> {
                    subjects.put(
                            Subject.parse(row.getString("subject")),
                            new TenantId(row.getObject("tenant_id", UUID.class)));
                });
        return subjects;
    }

    /** @param id null: none. The subject must be there and locked. */
    void assign(Subject subject, @Nullable UUID id) {
        jdbc.sql("UPDATE quota_subject SET plan_id = :id::uuid WHERE subject = :subject")
                .param("id", id)
                .param("subject", subject.toString())
                .update();
    }

    /** Name of a subject's plan. */
    Optional<String> assigned(Subject subject) {
        return jdbc.sql("SELECT name FROM quota_subject JOIN quota_plan USING (plan_id) WHERE subject = :subject")
                .param("subject", subject.toString())
                .query(String.class)
                .optional();
    }

    Optional<PlanFacts> find(String name) {
        return facts(name).stream().findFirst();
    }

    /** By name. */
    List<PlanFacts> list() {
        return facts(null);
    }

    /** @param name null: all */
    private List<PlanFacts> facts(@Nullable String name) {
        var limits = new HashMap<UUID, Map<Limit.Key, Limit>>();
        jdbc.sql("""
                SELECT quota_plan_limit.* FROM quota_plan_limit JOIN quota_plan USING (plan_id)
                WHERE :name::text IS NULL OR name = :name
                """).param("name", name).query(row -> {
            var limit = LimitSql.limit(row);
            limits.computeIfAbsent(row.getObject("plan_id", UUID.class), id -> new HashMap<>())
                    .put(limit.key(), limit);
        });
        return jdbc.sql("SELECT * FROM quota_plan WHERE :name::text IS NULL OR name = :name ORDER BY name")
                .param("name", name)
                .query((row, n) -> {
                    var id = row.getObject("plan_id", UUID.class);
                    return new PlanFacts(
                            id,
                            row.getString("name"),
                            limits.getOrDefault(id, Map.of()).values().stream()
                                    .sorted(LimitSql.BY_UNIT_AND_WINDOW)
                                    .map(PlanLimit::of)
                                    .collect(Collectors.toUnmodifiableList()),
                            BoundsJson.view(BoundsJson.read(row.getString("bounds"))),
                            instant(row.getObject("create_time", OffsetDateTime.class)),
                            instant(row.getObject("update_time", OffsetDateTime.class)));
                })
                .list();
    }

    private static Instant instant(OffsetDateTime time) {
        return time.toInstant();
    }
}
