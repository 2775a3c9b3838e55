package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.wire.RequestId;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** What a reversal moves on reservation, lines and budgets. */
@Repository
public class ReversalSql {

    private final JdbcClient jdbc;

    ReversalSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** The rows must be locked. @return false: it was reversed before, and nothing has changed */
    public boolean apply(RequestId id, ReversalDecision decision) {
        var first = jdbc.sql("""
                UPDATE quota_reservation SET reverse_time = clock_timestamp()
                WHERE reservation_id = :id AND reverse_time IS NULL
                """).param("id", id.value()).update();
        if (first == 0) {
            return false;
        }
        jdbc.sql("""
                WITH change AS (
                    SELECT * FROM unnest(:ids::bigint[], :amounts::bigint[]) AS change(budget_id, amount)
                ), lines AS (
                    UPDATE quota_reservation_line AS line SET posted = 0
                    FROM change
                    WHERE line.reservation_id = :id AND line.budget_id = change.budget_id
                )
                UPDATE quota_budget AS budget SET posted = budget.posted - change.amount
                FROM change
                WHERE budget.budget_id = change.budget_id
                """)
                .param("id", id.value())
                .param(
                        "ids",
                        decision.changes().stream()
                                .map(ReversalDecision.LineChange::budgetId)
                                .toArray(Long[]::new))
                .param(
                        "amounts",
                        decision.changes().stream()
                                .map(ReversalDecision.LineChange::takenBack)
                                .toArray(Long[]::new))
                .update();
        return true;
    }
}
