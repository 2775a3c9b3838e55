package dev.seedbed.controlplane.usage.internal;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements that compare quota_budget with ledger and reservations, each in one snapshot. */
@Repository
public class BalanceSql {

    /** What the amounts of each budget should be. */
    private static final String TRUTH = """
            ledger AS (
                SELECT debit_account, unit, sum(amount)::bigint AS posted
                FROM usage_ledger_entry
                WHERE debit_account LIKE 'tenant/%'
                GROUP BY debit_account, unit
            ), pending AS (
                SELECT budget_id, sum(line.reserved - line.posted)::bigint AS reserved
                FROM quota_reservation_line AS line
                JOIN quota_reservation AS reservation USING (reservation_id)
                WHERE reservation.state = 'PENDING'
                GROUP BY budget_id
            ), truth AS (
                SELECT budget.budget_id, coalesce(ledger.posted, 0) AS posted, coalesce(pending.reserved, 0) AS reserved
                FROM quota_budget AS budget
                LEFT JOIN ledger ON ledger.debit_account = 'tenant/' || budget.tenant_id AND ledger.unit = budget.unit
                LEFT JOIN pending ON pending.budget_id = budget.budget_id
                WHERE budget.window_kind = 'EVER'
            )
            """;

    private final JdbcClient jdbc;

    BalanceSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public long drift() {
        return jdbc.sql("WITH " + TRUTH + """
                SELECT coalesce(sum(abs(budget.posted - truth.posted) + abs(budget.reserved - truth.reserved)), 0)::bigint
                FROM quota_budget AS budget JOIN truth USING (budget_id)
                """).query(Long.class).single();
    }

    /** In the order that admission locks; whoever moves amounts holds one of these locks until its commit. */
    public void lockAll() {
        jdbc.sql("SELECT budget_id FROM quota_budget ORDER BY budget_id FOR NO KEY UPDATE")
                .query(Long.class)
                .list();
    }

    public void rebuild() {
        jdbc.sql("WITH " + TRUTH + """
                UPDATE quota_budget AS budget
                SET posted = truth.posted,
                    reserved = truth.reserved,
                    ceiling = CASE WHEN budget.limit_amount IS NOT NULL
                                   THEN greatest(budget.limit_amount, truth.posted + truth.reserved) END
                FROM truth
                WHERE budget.budget_id = truth.budget_id
                  AND (budget.posted, budget.reserved) IS DISTINCT FROM (truth.posted, truth.reserved)
                """).update();
    }
}
