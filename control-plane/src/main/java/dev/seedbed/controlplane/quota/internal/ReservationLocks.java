package dev.seedbed.controlplane.quota.internal;

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
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Locks reservations for the caller's transaction, always before their budgets, and reads what is decided on. */
@Repository
public class ReservationLocks {

    private final JdbcClient jdbc;
    private final BudgetSql budgets;

    ReservationLocks(JdbcClient jdbc, BudgetSql budgets) {
        this.jdbc = jdbc;
        this.budgets = budgets;
    }

    /**
     * Locks the reservations by id, then their budgets by id. Ids without a reservation are left out. A reversed one has no room left:
     * what its owner settles late is loss.
     */
    public List<ReservationRow> lock(Collection<RequestId> ids) {
        lockOnly(ids);
        return lockBudgets(ids);
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

    /** As {@link #lock}, of those that nobody else has locked, with all of their budgets. */
    public List<ReservationRow> tryLock(Collection<RequestId> ids) {
        var lines = new HashMap<RequestId, Integer>();
        jdbc.sql("""
                SELECT reservation_id,
                       (SELECT count(*) FROM quota_reservation_line AS line
                        WHERE line.reservation_id = reservation.reservation_id) AS lines
                FROM quota_reservation AS reservation
                WHERE reservation_id = ANY (:ids::uuid[])
                ORDER BY reservation_id
                FOR NO KEY UPDATE OF reservation SKIP LOCKED
                """).param("ids", ReservationSql.texts(ids)).query(row -> {
            lines.put(new RequestId(row.getObject("reservation_id", UUID.class)), row.getInt("lines"));
        });
        if (lines.isEmpty()) {
            return List.of();
        }
        return lockBudgets(lines.keySet(), Locking.SKIP).stream()
                .filter(row -> row.lines().size() == lines.getOrDefault(row.id(), 0))
                .toList();
    }

    /** As {@link #lock}, of pending reservations past their time that nobody else holds locked. */
    public List<ReservationRow> lockOverdue(int atMost) {
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
        return ids.isEmpty() ? List.of() : lockBudgets(ids);
    }

    /** Of reservations that are locked. */
    public List<ReservationRow> lockBudgets(Collection<RequestId> ids) {
        return lockBudgets(ids, Locking.WAIT);
    }

    private List<ReservationRow> lockBudgets(Collection<RequestId> ids, Locking locking) {
        var reservations = new LinkedHashMap<UUID, ReservationRow>();
        jdbc.sql("""
                SELECT reservation_id, reservation.tenant_id, owner_epoch, state, late_time IS NOT NULL AS settled_late, postings,
                       CASE WHEN reverse_time IS NULL THEN line.reserved ELSE line.posted END AS reserved, line.posted, %s
                FROM quota_reservation AS reservation
                JOIN quota_reservation_line AS line USING (reservation_id)
                JOIN quota_budget AS budget USING (budget_id)
                LEFT JOIN quota_limit AS in_force
                  ON in_force.subject = budget.subject AND in_force.unit = budget.unit AND in_force.window_kind = budget.window_kind
                WHERE reservation_id = ANY (:ids::uuid[])
                ORDER BY budget_id, reservation_id
                FOR NO KEY UPDATE OF budget %s
                """.formatted(BudgetSql.ROW, locking == Locking.SKIP ? "SKIP LOCKED" : ""))
                .param("ids", ReservationSql.texts(ids))
                .query((row, n) -> {
                    reservations
                            .computeIfAbsent(row.getObject("reservation_id", UUID.class), id -> reservation(row, id))
                            .lines()
                            .add(line(row));
                    return n;
                })
                .list();
        budgets.sink(reservations.values().stream()
                .flatMap(reservation -> reservation.lines().stream())
                .map(ReservationRow.Line::budget)
                .toList());
        return List.copyOf(reservations.values());
    }

    private static ReservationRow reservation(ResultSet row, UUID id) {
        try {
            return new ReservationRow(
                    new RequestId(id),
                    new TenantId(row.getObject("tenant_id", UUID.class)),
                    row.getLong("owner_epoch"),
                    ReservationState.valueOf(row.getString("state")),
                    row.getBoolean("settled_late"),
                    row.getInt("postings"),
                    new ArrayList<>());
        } catch (SQLException e) {
            throw new IllegalStateException("reservation not readable: " + id, e);
        }
    }

    private static ReservationRow.Line line(ResultSet row) throws SQLException {
        return new ReservationRow.Line(BudgetSql.row(row), row.getLong("reserved"), row.getLong("posted"));
    }
}
