package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on quota_budget. */
@Repository
public class BudgetSql {

    private final JdbcClient jdbc;

    BudgetSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Locks the budgets that count now, by budget_id; the tenant's first call makes them. */
    public List<BudgetRow> lock(TenantId tenant) {
        var rows = lockExisting(tenant);
        if (rows.size() < Unit.values().length) {
            create(tenant);
            rows = lockExisting(tenant);
        }
        return rows;
    }

    private List<BudgetRow> lockExisting(TenantId tenant) {
        return jdbc.sql("""
                SELECT budget_id, unit, limit_amount, posted, reserved
                FROM quota_budget
                WHERE tenant_id = :tenant AND window_kind = 'EVER'
                ORDER BY budget_id
                FOR NO KEY UPDATE
                """)
                .param("tenant", tenant.value())
                .query((row, n) -> new BudgetRow(
                        row.getLong("budget_id"),
                        Unit.valueOf(row.getString("unit")),
                        limit(row),
                        row.getLong("posted"),
                        row.getLong("reserved")))
                .list();
    }

    private void create(TenantId tenant) {
        var units = Unit.values();
        jdbc.sql("""
                INSERT INTO quota_budget (tenant_id, unit, window_kind, window_start, limit_amount, ceiling)
                SELECT :tenant, unit, 'EVER', '-infinity', CASE WHEN closed THEN 0 END, CASE WHEN closed THEN 0 END
                FROM unnest(:units::text[], :closed::boolean[]) AS wanted(unit, closed)
                ON CONFLICT DO NOTHING
                """)
                .param("tenant", tenant.value())
                .param("units", Arrays.stream(units).map(Unit::name).toArray(String[]::new))
                .param("closed", Arrays.stream(units).map(Unit::closedByDefault).toArray(Boolean[]::new))
                .update();
    }

    /** Adds to the reserved amounts. The rows must be locked and have room. */
    public void reserve(List<BudgetRow> budgets, Amounts wanted) {
        jdbc.sql("""
                UPDATE quota_budget
                SET reserved = reserved + change.amount
                FROM unnest(:ids::bigint[], :amounts::bigint[]) AS change(budget_id, amount)
                WHERE quota_budget.budget_id = change.budget_id AND change.amount > 0
                """)
                .param("ids", budgets.stream().map(BudgetRow::id).toArray(Long[]::new))
                .param(
                        "amounts",
                        budgets.stream()
                                .map(budget -> wanted.get(budget.unit()))
                                .toArray(Long[]::new))
                .update();
    }

    public List<Budget> read(TenantId tenant) {
        return jdbc.sql("""
                SELECT unit, limit_amount, posted, reserved
                FROM quota_budget
                WHERE tenant_id = :tenant AND window_kind = 'EVER'
                ORDER BY budget_id
                """)
                .param("tenant", tenant.value())
                .query((row, n) -> new Budget(
                        tenant,
                        Unit.valueOf(row.getString("unit")),
                        limit(row),
                        row.getLong("posted"),
                        row.getLong("reserved")))
                .list();
    }

    /** The row must be locked. */
    public void setLimit(long budgetId, @Nullable Long limit) {
        jdbc.sql("""
                UPDATE quota_budget
                SET limit_amount = :limit::bigint,
                    ceiling = CASE WHEN :limit::bigint IS NOT NULL THEN greatest(:limit::bigint, posted + reserved) END
                WHERE budget_id = :id
                """).param("limit", limit).param("id", budgetId).update();
    }

    private static @Nullable Long limit(ResultSet row) throws SQLException {
        var limit = row.getLong("limit_amount");
        return row.wasNull() ? null : limit;
    }
}
