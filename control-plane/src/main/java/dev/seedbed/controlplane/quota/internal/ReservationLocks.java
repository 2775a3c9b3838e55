package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.Locking;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Locks reservations for the caller's transaction, always before their budgets, and reads what is decided on. */
@Repository
public class ReservationLocks {

    private static final String BUDGETS = """
            SELECT reservation_id, reservation.tenant_id, owner_epoch, state, late_time IS NOT NULL AS settled_late, postings,
                   CASE WHEN reverse_time IS NULL THEN line.reserved ELSE line.posted END AS reserved, line.posted, %s
            FROM quota_reservation AS reservation
            JOIN quota_reservation_line AS line USING (reservation_id)
            JOIN quota_budget AS budget USING (budget_id)
            LEFT JOIN quota_limit AS in_force
              ON in_force.subject = budget.subject AND in_force.unit = budget.unit AND in_force.window_kind = budget.window_kind
            WHERE reservation_id = ANY (:ids::uuid[])
            ORDER BY budget_id, reservation_id
            FOR NO KEY UPDATE OF budget
            """.formatted(BudgetSql.ROW);

    private final JdbcClient jdbc;
    private final Pipelines pipelines;
    private final BudgetSql budgets;

    ReservationLocks(JdbcClient jdbc, Pipelines pipelines, BudgetSql budgets) {
        this.jdbc = jdbc;
        this.pipelines = pipelines;
        this.budgets = budgets;
    }

    /**
     * Locks the reservations by id, then their budgets by id: of those that nobody else has locked, if the others are skipped, with all of
     * their budgets. Ids without a reservation are left out. A reversed one has no room left: what its owner settles late is loss.
     *
     * @param writes gets how far buckets among the budgets have sunk, so that amounts can be added to them
     */
    public List<ReservationRow> lock(Collection<RequestId> ids, Locking locking, Pipeline writes) {
        var lines = new HashMap<RequestId, Integer>();
        var found = new LockedRows();
        var reads = pipelines.begin();
        reads.sql("""
                SELECT reservation_id,
                       (SELECT count(*) FROM quota_reservation_line AS line
                        WHERE line.reservation_id = reservation.reservation_id) AS lines
                FROM quota_reservation AS reservation
                WHERE reservation_id = ANY (:ids::uuid[])
                ORDER BY reservation_id
                FOR NO KEY UPDATE OF reservation
                """ + skipping(locking))
                .param("ids", ReservationSql.texts(ids))
                .query(row ->
                        lines.put(new RequestId(row.getObject("reservation_id", UUID.class)), row.getInt("lines")));
        // Also the budgets of those that are left out, rather than to ask twice.
        reads.sql(BUDGETS + skipping(locking))
                .param("ids", ReservationSql.texts(ids))
                .query(found);
        reads.send();
        var rows = found.all().stream()
                .filter(row -> row.lines().size() == lines.getOrDefault(row.id(), 0))
                .toList();
        sink(rows, writes);
        return rows;
    }

    private static String skipping(Locking locking) {
        return locking == Locking.SKIP ? " SKIP LOCKED" : "";
    }

    /** Locks reservations by id, and not their budgets. @return those that there are */
    public List<RequestId> lockOnly(Collection<RequestId> ids) {
        return jdbc.sql("""
                SELECT reservation_id FROM quota_reservation
                WHERE reservation_id = ANY (:ids::uuid[])
                ORDER BY reservation_id
                FOR NO KEY UPDATE
                """)
                .param("ids", ReservationSql.texts(ids))
                .query((row, n) -> new RequestId(row.getObject("reservation_id", UUID.class)))
                .list();
    }

    /** As {@link #lock}, of pending reservations past their time that nobody else holds locked. */
    public List<ReservationRow> lockOverdue(int atMost, Pipeline writes) {
        var ids = jdbc.sql("""
                SELECT reservation_id FROM quota_reservation
                WHERE state = 'PENDING' AND expire_time < clock_timestamp()
                ORDER BY reservation_id
                LIMIT :at_most
                FOR NO KEY UPDATE SKIP LOCKED
                """)
                .param("at_most", atMost)
                .query((row, n) -> new RequestId(row.getObject("reservation_id", UUID.class)))
                .list();
        return ids.isEmpty() ? List.of() : lockBudgets(ids, writes);
    }

    /** Of reservations that are locked. @param writes as of {@link #lock} */
    public List<ReservationRow> lockBudgets(Collection<RequestId> ids, Pipeline writes) {
        var found = new LockedRows();
        jdbc.sql(BUDGETS).param("ids", ReservationSql.texts(ids)).query(found);
        sink(found.all(), writes);
        return found.all();
    }

    private void sink(List<ReservationRow> rows, Pipeline writes) {
        budgets.sink(
                rows.stream()
                        .flatMap(row -> row.lines().stream())
                        .map(ReservationRow.Line::budget)
                        .toList(),
                writes);
    }

    /** Reservations, each with its lines, by the rows of {@link #BUDGETS}. */
    private static final class LockedRows implements RowCallbackHandler {

        private final Map<UUID, ReservationRow> reservations = new LinkedHashMap<>();

        @Override
        public void processRow(ResultSet row) throws SQLException {
            var id = row.getObject("reservation_id", UUID.class);
            var reservation = reservations.get(id);
            if (reservation == null) {
                reservation = reservation(row, id);
                reservations.put(id, reservation);
            }
            reservation.lines().add(line(row));
        }

        List<ReservationRow> all() {
            return List.copyOf(reservations.values());
        }
    }

    private static ReservationRow reservation(ResultSet row, UUID id) throws SQLException {
        return new ReservationRow(
                new RequestId(id),
                new TenantId(row.getObject("tenant_id", UUID.class)),
                row.getLong("owner_epoch"),
                ReservationState.valueOf(row.getString("state")),
                row.getBoolean("settled_late"),
                row.getInt("postings"),
                new ArrayList<>());
    }

    private static ReservationRow.Line line(ResultSet row) throws SQLException {
        return new ReservationRow.Line(BudgetSql.row(row), row.getLong("reserved"), row.getLong("posted"));
    }
}
