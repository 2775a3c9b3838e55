package dev.seedbed.controlplane.quota.lease;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.tenant.Caller;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on quota_lease and its lines. */
@Repository
class LeaseSql {

    private final JdbcClient jdbc;

    LeaseSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Debits the budgets, which must be locked and have room. @return the lease's id */
    long grant(long ownerEpoch, Caller caller, Duration ttl, List<BudgetRow> budgets, Amounts granted) {
        return jdbc.sql("""
                WITH lease AS (
                    INSERT INTO quota_lease (owner_epoch, tenant_id, api_key_id, expire_time)
                    VALUES (:epoch, :tenant, :key, clock_timestamp() + :ttl_ms * interval '1 millisecond')
                    RETURNING lease_id
                ), line AS (
                    SELECT * FROM unnest(:ids::bigint[], :units::text[], :amounts::bigint[]) AS line(budget_id, unit, held)
                ), written AS (
                    INSERT INTO quota_lease_line (lease_id, budget_id, unit, held)
                    SELECT lease_id, budget_id, unit, held FROM lease, line
                ), debited AS (
                    UPDATE quota_budget AS budget SET leased = budget.leased + line.held
                    FROM line
                    WHERE budget.budget_id = line.budget_id
                )
                SELECT lease_id FROM lease
                """)
                .param("epoch", ownerEpoch)
                .param("tenant", caller.tenantId().value())
                .param("key", caller.apiKeyId().value())
                .param("ttl_ms", ttl.toMillis())
                .param("ids", budgets.stream().map(BudgetRow::id).toArray(Long[]::new))
                .param(
                        "units",
                        budgets.stream().map(budget -> budget.unit().name()).toArray(String[]::new))
                .param(
                        "amounts",
                        budgets.stream()
                                .map(budget -> granted.get(budget.unit()))
                                .toArray(Long[]::new))
                .query(Long.class)
                .single();
    }

    /** Locks leases by id; those that are gone are left out. */
    Map<Long, LeaseRound.Held> lock(Collection<Long> ids) {
        var held = new HashMap<Long, LeaseRound.Held>();
        jdbc.sql("""
                SELECT lease_id, recall, unit, held
                FROM quota_lease JOIN quota_lease_line USING (lease_id)
                WHERE lease_id = ANY (:ids)
                ORDER BY lease_id
                FOR UPDATE OF quota_lease
                """)
                .param("ids", ids.toArray(Long[]::new))
                .query((row, n) -> held.merge(
                        row.getLong("lease_id"),
                        new LeaseRound.Held(
                                Amounts.of(Map.of(Unit.valueOf(row.getString("unit")), row.getLong("held"))),
                                row.getBoolean("recall")),
                        // Lines of one unit hold the same.
                        (one, other) -> one.amounts().covers(other.amounts())
                                ? one
                                : new LeaseRound.Held(one.amounts().plus(other.amounts()), one.recalled())))
                .list();
        return held;
    }

    /** Sets what leases hold, without moving budgets, and moves their expiry. They must be locked. */
    void hold(Map<Long, Amounts> held, Duration ttl) {
        if (held.isEmpty()) {
            return;
        }
        var leases = held.keySet();
        jdbc.sql("""
                WITH renewed AS (
                    UPDATE quota_lease
                    SET expire_time = clock_timestamp() + :ttl_ms * interval '1 millisecond', recall = false
                    WHERE lease_id = ANY (:leases)
                )
                UPDATE quota_lease_line AS line
                SET held = coalesce(
                    (SELECT amount FROM unnest(:ids::bigint[], :units::text[], :amounts::bigint[]) AS now(lease_id, unit, amount)
                     WHERE now.lease_id = line.lease_id AND now.unit = line.unit), 0)
                WHERE line.lease_id = ANY (:leases)
                """)
                .param("ttl_ms", ttl.toMillis())
                .param("leases", leases.toArray(Long[]::new))
                .param(
                        "ids",
                        held.entrySet().stream()
                                .flatMap(entry -> entry.getValue().positive().keySet().stream()
                                        .map(unit -> entry.getKey()))
                                .toArray(Long[]::new))
                .param(
                        "units",
                        held.values().stream()
                                .flatMap(amounts -> amounts.positive().keySet().stream())
                                .map(Unit::name)
                                .toArray(String[]::new))
                .param(
                        "amounts",
                        held.values().stream()
                                .flatMap(amounts -> amounts.positive().values().stream())
                                .toArray(Long[]::new))
                .update();
    }

    /** They must be locked and hold nothing. */
    void delete(Collection<Long> ids) {
        if (ids.isEmpty()) {
            return;
        }
        jdbc.sql("DELETE FROM quota_lease WHERE lease_id = ANY (:ids)")
                .param("ids", ids.toArray(Long[]::new))
                .update();
    }

    /** Asks the owners of what is leased of budgets to give it back; of those that somebody just writes, none is asked. */
    void recall(Collection<Long> budgetIds) {
        jdbc.sql("""
                UPDATE quota_lease SET recall = true
                WHERE lease_id IN (
                    SELECT lease_id FROM quota_lease JOIN quota_lease_line USING (lease_id)
                    WHERE budget_id = ANY (:budgets) AND held > 0 AND NOT recall
                    ORDER BY lease_id
                    FOR UPDATE OF quota_lease SKIP LOCKED)
                """).param("budgets", budgetIds.toArray(Long[]::new)).update();
    }

    /** Gives back what overdue leases hold that nobody else has locked, and deletes them. @return how many */
    int expireOverdue(int atMost) {
        Set<Long> overdue = new HashSet<>(
                jdbc.sql("""
                SELECT lease_id FROM quota_lease
                WHERE expire_time < clock_timestamp()
                ORDER BY lease_id
                LIMIT :at_most
                FOR UPDATE SKIP LOCKED
                """).param("at_most", atMost).query(Long.class).list());
        if (overdue.isEmpty()) {
            return 0;
        }
        jdbc.sql("""
                SELECT budget_id FROM quota_budget
                WHERE budget_id IN (SELECT budget_id FROM quota_lease_line WHERE lease_id = ANY (:ids))
                ORDER BY budget_id
                FOR NO KEY UPDATE
                """)
                .param("ids", overdue.toArray(Long[]::new))
                .query(Long.class)
                .list();
        jdbc.sql("""
                UPDATE quota_budget AS budget SET leased = budget.leased - line.held
                FROM (SELECT budget_id, sum(held)::bigint AS held FROM quota_lease_line
                      WHERE lease_id = ANY (:ids) GROUP BY budget_id) AS line
                WHERE budget.budget_id = line.budget_id
                """).param("ids", overdue.toArray(Long[]::new)).update();
        delete(overdue);
        return overdue.size();
    }
}
