package dev.seedbed.controlplane.usage.internal;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements that compare quota_budget with ledger, reservations and leases, each in one snapshot. */
@Repository
public class BalanceSql {

    /**
     * What the amounts of each budget should be. A reservation's lines tell in which budgets, and so in which windows, the ledger's
     * entries of its request count. What was posted to a bucket sinks, and is compared with nothing.
     */
    static final String TRUTH = """
            ledger AS (
                SELECT request_id, unit, sum(CASE WHEN debit_account LIKE 'tenant/%' THEN amount ELSE -amount END)::bigint AS posted
                FROM usage_ledger_entry
                WHERE debit_account LIKE 'tenant/%' OR credit_account LIKE 'tenant/%'
                GROUP BY request_id, unit
            ), line AS (
                SELECT line.budget_id,
                       sum(coalesce(ledger.posted, 0))::bigint AS posted,
                       coalesce(sum(line.reserved - line.posted) FILTER (WHERE reservation.state = 'PENDING'), 0)::bigint AS reserved
                FROM quota_reservation_line AS line
                JOIN quota_reservation AS reservation USING (reservation_id)
                LEFT JOIN ledger ON ledger.request_id = line.reservation_id AND ledger.unit = line.unit
                GROUP BY line.budget_id
            ), lease AS (
                SELECT budget_id, sum(held)::bigint AS leased FROM quota_lease_line GROUP BY budget_id
            ), truth AS (
                SELECT budget_id,
                       CASE WHEN window_kind IN ('MINUTE', 'HOUR') THEN budget.posted ELSE coalesce(line.posted, 0) END AS posted,
                       coalesce(line.reserved, 0) AS reserved,
                       coalesce(lease.leased, 0) AS leased
                FROM quota_budget AS budget
                LEFT JOIN line USING (budget_id)
                LEFT JOIN lease USING (budget_id)
            )
            """;

    private final JdbcClient jdbc;

    BalanceSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public long drift() {
        return jdbc.sql("WITH " + TRUTH + """
                SELECT coalesce(sum(abs(budget.posted - truth.posted) + abs(budget.reserved - truth.reserved)
                                    + abs(budget.leased - truth.leased)), 0)::bigint
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
                    leased = truth.leased,
                    ceiling = CASE WHEN budget.limit_amount IS NOT NULL
                                   THEN greatest(budget.limit_amount, truth.posted + truth.reserved + truth.leased) END
                FROM truth
                WHERE budget.budget_id = truth.budget_id
                  AND (budget.posted, budget.reserved, budget.leased) IS DISTINCT FROM (truth.posted, truth.reserved, truth.leased)
                """).update();
    }
}
