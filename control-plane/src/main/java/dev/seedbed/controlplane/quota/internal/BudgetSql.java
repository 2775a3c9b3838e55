package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.wire.RequestId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on quota_budget. */
@Repository
public class BudgetSql {

    /** Columns of a {@link BudgetRow}, of tables quota_budget AS budget and quota_limit AS in_force. */
    static final String ROW = """
            budget_id, budget.subject, budget.unit, budget.window_kind, budget.limit_amount,
            coalesce(in_force.durability, 'STRICT') AS durability,
            budget.posted AS budget_posted, (extract(epoch FROM budget.decay_time) * 1000000)::bigint AS decay_micros,
            budget.reserved AS budget_reserved, budget.leased,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_micros,
            CASE WHEN isfinite(budget.window_end) THEN (extract(epoch FROM budget.window_end) * 1000000)::bigint END AS end_micros
            """;

    private static final String OPEN_NOW = "budget.window_start <= now() AND now() < budget.window_end";

    /** The limits in force that have a budget in the present window. */
    private static final String OPEN = """
            SELECT %s
            FROM quota_limit AS in_force
            JOIN quota_budget AS budget USING (subject, unit, window_kind)
            WHERE subject = ANY (:subjects) AND %s
            """.formatted(ROW, OPEN_NOW);

    private static final String IN_ORDER = " ORDER BY budget_id ";
    private static final String LOCK = " FOR NO KEY UPDATE OF budget ";

    /** Nothing is locked unless every limit in force has a budget. */
    private static final String ALL_OR_NONE = """
            AND NOT EXISTS (
                SELECT FROM quota_limit AS one
                WHERE one.subject = ANY (:subjects) AND NOT EXISTS (
                    SELECT FROM quota_budget AS budget
                    WHERE budget.subject = one.subject AND budget.unit = one.unit AND budget.window_kind = one.window_kind AND %s))
            """.formatted(OPEN_NOW);

    private final JdbcClient jdbc;
    private final Pipelines pipelines;
    private final LimitSql limits;

    BudgetSql(JdbcClient jdbc, Pipelines pipelines, LimitSql limits) {
        this.jdbc = jdbc;
        this.pipelines = pipelines;
        this.limits = limits;
    }

    /**
     * Locks the budgets that count now, by budget_id. Makes those that a new window or a tenant's first request needs, and then locks
     * subjects before any budget, as changes of limits do.
     */
    public List<BudgetRow> lock(Collection<Subject> subjects) {
        var rows = lockOpen(subjects, ALL_OR_NONE);
        if (rows.isEmpty()) {
            limits.open(subjects);
            openWindows(subjects);
            rows = lockOpen(subjects, "");
        }
        return rows;
    }

    /** As {@link #lock}, of those that nobody else has locked. @return with the subjects of which something is locked or not there */
    public InForce tryLock(Collection<Subject> subjects) {
        return inForce(subjects, LOCK + "SKIP LOCKED");
    }

    private List<BudgetRow> lockOpen(Collection<Subject> subjects, String condition) {
        return rows(OPEN + condition + IN_ORDER + LOCK, subjects);
    }

    private List<BudgetRow> rows(String sql, Collection<Subject> subjects) {
        return jdbc.sql(sql)
                .param("subjects", texts(subjects))
                .query((row, n) -> row(row))
                .list();
    }

    static BudgetRow row(ResultSet row) throws SQLException {
        return new BudgetRow(
                row.getLong("budget_id"),
                Subject.parse(row.getString("subject")),
                Unit.valueOf(row.getString("unit")),
                Window.valueOf(row.getString("window_kind")),
                amount(row, "limit_amount"),
                Durability.valueOf(row.getString("durability")),
                new Bucket(row.getLong("budget_posted"), row.getLong("decay_micros")),
                row.getLong("budget_reserved"),
                row.getLong("leased"),
                row.getLong("now_micros"),
                amount(row, "end_micros"));
    }

    private static @Nullable Long amount(ResultSet row, String column) throws SQLException {
        var amount = row.getLong(column);
        return row.wasNull() ? null : amount;
    }

    /**
     * Makes a budget for each limit in force that has none in the present window. It begins no earlier than the one before has ended,
     * which after a change of the time zone may be later than the day or the month began.
     */
    private void openWindows(Collection<Subject> subjects) {
        var zone = limits.lockZone(subjects);
        var now = jdbc.sql("SELECT now()").query(OffsetDateTime.class).single().toInstant();
        var day = CalendarWindow.of(Window.DAY, zone, now);
        var month = CalendarWindow.of(Window.MONTH, zone, now);
        jdbc.sql("""
                INSERT INTO quota_budget (subject, tenant_id, unit, window_kind, window_start, window_end, limit_amount, ceiling)
                SELECT in_force.subject, tenant_id, in_force.unit, in_force.window_kind,
                       CASE in_force.window_kind WHEN 'DAY' THEN greatest(:day_start, over.window_end)
                                                 WHEN 'MONTH' THEN greatest(:month_start, over.window_end)
                                                 ELSE '-infinity' END,
                       CASE in_force.window_kind WHEN 'DAY' THEN :day_end WHEN 'MONTH' THEN :month_end ELSE 'infinity' END,
                       in_force.limit_amount, in_force.limit_amount
                FROM quota_limit AS in_force JOIN quota_subject USING (subject)
                CROSS JOIN LATERAL (
                    SELECT max(budget.window_end) FILTER (WHERE budget.window_end <= now()) AS window_end,
                           coalesce(bool_or(%s), false) AS is_open
                    FROM quota_budget AS budget
                    WHERE budget.subject = in_force.subject AND budget.unit = in_force.unit
                      AND budget.window_kind = in_force.window_kind) AS over
                WHERE subject = ANY (:subjects) AND NOT over.is_open
                ORDER BY in_force.subject, in_force.unit, in_force.window_kind
                ON CONFLICT DO NOTHING
                """.formatted(OPEN_NOW))
                .param("subjects", texts(subjects))
                .param("day_start", at(day.start()))
                .param("day_end", at(day.end()))
                .param("month_start", at(month.start()))
                .param("month_end", at(month.end()))
                .update();
    }

    private static OffsetDateTime at(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    /** Adds to the reserved amounts, and writes how far buckets have sunk. The rows must be locked and have room. */
    public void reserve(List<BudgetRow> budgets, Amounts wanted, Pipeline writes) {
        reserve(budgets, budget -> wanted.get(budget.unit()), writes);
    }

    /** As {@link #reserve(List, Amounts, Pipeline)}. @param budgets as they were read @param wanted of each */
    public void reserve(List<BudgetRow> budgets, ToLongFunction<BudgetRow> wanted, Pipeline writes) {
        writes.sql("""
                UPDATE quota_budget AS budget
                SET reserved = budget.reserved + change.amount,
                    posted = CASE WHEN change.sunk THEN change.level ELSE budget.posted END,
                    decay_time = CASE WHEN change.sunk THEN to_timestamp(0) + change.at * interval '1 microsecond'
                                      ELSE budget.decay_time END
                FROM unnest(:ids::bigint[], :amounts::bigint[], :sunk::boolean[], :levels::bigint[], :ats::bigint[])
                     AS change(budget_id, amount, sunk, level, at)
                WHERE budget.budget_id = change.budget_id AND (change.amount > 0 OR change.sunk)
                """)
                .param("ids", column(budgets, BudgetRow::id))
                .param("amounts", column(budgets, wanted))
                .param("sunk", budgets.stream().map(BudgetSql::hasSunk).toArray(Boolean[]::new))
                .param("levels", column(budgets, BudgetRow::posted))
                .param("ats", column(budgets, budget -> budget.levelNow().atMicros()))
                .update();
    }

    /** Locks budgets by their ids, and those that reservations debit; buckets are written as far as they have sunk. */
    public List<BudgetRow> lock(Collection<Long> ids, Collection<RequestId> reservations) {
        var rows = jdbc.sql("SELECT " + ROW + """
                FROM quota_budget AS budget
                LEFT JOIN quota_limit AS in_force USING (subject, unit, window_kind)
                WHERE budget_id = ANY (:ids) OR budget_id IN (
                    SELECT budget_id FROM quota_reservation_line WHERE reservation_id = ANY (:reservations::uuid[]))
                ORDER BY budget_id
                FOR NO KEY UPDATE OF budget
                """)
                .param("ids", ids.toArray(Long[]::new))
                .param(
                        "reservations",
                        reservations.stream().map(RequestId::toString).toArray(String[]::new))
                .query((row, n) -> row(row))
                .list();
        pipelines.sendNow(writes -> sink(rows, writes));
        return rows;
    }

    /** The rows must be locked, and buckets among them written as far as they have sunk. */
    public void move(List<LockedBudgets.Move> moves) {
        if (moves.isEmpty()) {
            return;
        }
        jdbc.sql("""
                UPDATE quota_budget AS budget
                SET posted = budget.posted + move.posted, reserved = budget.reserved + move.reserved, leased = budget.leased + move.leased
                FROM unnest(:ids::bigint[], :posted::bigint[], :reserved::bigint[], :leased::bigint[])
                     AS move(budget_id, posted, reserved, leased)
                WHERE budget.budget_id = move.budget_id
                """)
                .param("ids", moves.stream().map(LockedBudgets.Move::budgetId).toArray(Long[]::new))
                .param("posted", moves.stream().map(LockedBudgets.Move::posted).toArray(Long[]::new))
                .param(
                        "reserved",
                        moves.stream().map(LockedBudgets.Move::reserved).toArray(Long[]::new))
                .param("leased", moves.stream().map(LockedBudgets.Move::leased).toArray(Long[]::new))
                .update();
    }

    /** Writes how far buckets have sunk, so that amounts can be added to them. The rows must be locked. */
    void sink(Collection<BudgetRow> budgets, Pipeline writes) {
        var sunk = budgets.stream().filter(BudgetSql::hasSunk).distinct().toList();
        if (!sunk.isEmpty()) {
            reserve(sunk, Amounts.NONE, writes);
        }
    }

    private static boolean hasSunk(BudgetRow budget) {
        return !budget.levelNow().equals(budget.level());
    }

    private static Long[] column(List<BudgetRow> budgets, ToLongFunction<BudgetRow> column) {
        return budgets.stream().mapToLong(column).boxed().toArray(Long[]::new);
    }

    /** The limits in force of subjects, each with its budget in the present window; unlocked. */
    public List<BudgetRow> read(Collection<Subject> subjects) {
        return rows(OPEN + IN_ORDER, subjects);
    }

    /** As {@link #read}, and whose limits have no budget yet. */
    public InForce inForce(Collection<Subject> subjects) {
        return inForce(subjects, "");
    }

    private InForce inForce(Collection<Subject> subjects, String locking) {
        var open = new ArrayList<BudgetRow>();
        var unopened = new HashSet<Subject>();
        jdbc.sql("""
                WITH open AS (%s)
                SELECT in_force.subject AS limited, open.*
                FROM quota_limit AS in_force
                LEFT JOIN open
                  ON open.subject = in_force.subject AND open.unit = in_force.unit AND open.window_kind = in_force.window_kind
                WHERE in_force.subject = ANY (:subjects)
                ORDER BY budget_id
                """.formatted(OPEN + IN_ORDER + locking))
                .param("subjects", texts(subjects))
                .query(row -> {
                    if (amount(row, "budget_id") == null) {
                        unopened.add(Subject.parse(row.getString("limited")));
                    } else {
                        open.add(row(row));
                    }
                });
        return new InForce(open, unopened);
    }

    private void lockAll(Collection<Subject> subjects) {
        jdbc.sql(
                        "SELECT budget_id FROM quota_budget WHERE subject = ANY (:subjects) ORDER BY budget_id FOR NO KEY UPDATE")
                .param("subjects", texts(subjects))
                .query(Long.class)
                .list();
    }

    /** Makes the open budgets of subjects follow their limits in force; what was used stays. Locks them first. */
    public void follow(Map<Subject, List<Limit>> inForce) {
        lockAll(inForce.keySet());
        // What sank until now sank by the limit before.
        var open = read(inForce.keySet());
        pipelines.sendNow(writes -> sink(open, writes));
        jdbc.sql("""
                UPDATE quota_budget AS budget
                SET limit_amount = in_force.amount,
                    ceiling = CASE WHEN in_force.amount IS NOT NULL
                                   THEN greatest(in_force.amount, budget.posted + budget.reserved + budget.leased) END
                FROM quota_budget AS old
                LEFT JOIN unnest(:subjects::text[], :units::text[], :windows::text[], :amounts::bigint[], :durabilities::text[])
                          AS in_force(subject, unit, window_kind, amount, durability)
                  ON in_force.subject = old.subject AND in_force.unit = old.unit AND in_force.window_kind = old.window_kind
                WHERE budget.budget_id = old.budget_id AND old.subject = ANY (:followers) AND old.window_end > now()
                """)
                .params(LimitColumns.of(inForce))
                .param("followers", texts(inForce.keySet()))
                .update();
    }

    static String[] texts(Collection<Subject> subjects) {
        return subjects.stream().map(Subject::toString).toArray(String[]::new);
    }
}
