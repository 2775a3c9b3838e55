package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.usage.LedgerCheck;
import java.util.List;
import java.util.Locale;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements that find what does not add up; each over whole tables, so that a check costs a few scans however many requests there are. */
@Repository
public class LedgerCheckSql {

    /** At which a statement stops, whatever is wrong with a whole table. */
    private static final int MOST_FOUND = 10_000;

    /** What the tenant was charged and given back, and what the platform lost, of each request and unit. */
    private static final String MOVED = """
            moved AS (
                SELECT request_id, unit,
                       coalesce(sum(amount) FILTER (WHERE debit_account LIKE 'tenant/%'), 0) AS charged,
                       coalesce(sum(amount) FILTER (WHERE credit_account LIKE 'tenant/%'), 0) AS given_back,
                       coalesce(sum(amount) FILTER (WHERE debit_account = 'platform/loss'), 0) AS lost
                FROM usage_ledger_entry
                GROUP BY request_id, unit
            )
            """;

    /** Names are those of the report, in lower case. */
    public enum Query {
        /**
         * Of a request that has ended, ledger and final counters agree: all work was charged or counted as lost, by the prices pinned at
         * its admission. What an expired one had reported beyond its reservation is in neither. What is settled after a reversal is
         * lost as a whole, with what was charged before.
         */
        WORK("WITH " + MOVED + """
                , due AS (
                    SELECT request_id, state, unit, amount
                    FROM usage_generation AS generation
                    LEFT JOIN price_list AS list USING (price_list_id)
                    LEFT JOIN price_list_version AS price USING (price_list_id)
                    CROSS JOIN LATERAL (VALUES
                        ('REQUEST', 1::numeric),
                        ('INPUT_TOKEN', input_tokens),
                        ('CACHED_INPUT_TOKEN', cached_input_tokens),
                        ('OUTPUT_TOKEN', committed_tokens),
                        ('POSITION', positions_evaluated),
                        ('MICRO_' || list.currency, price.per_request + floor(0.5 + (
                            (input_tokens - cached_input_tokens)::numeric * price.per_million_input_tokens
                            + cached_input_tokens::numeric * price.per_million_cached_input_tokens
                            + committed_tokens::numeric * price.per_million_output_tokens
                            + positions_evaluated::numeric * price.per_million_positions) / 1000000))
                    ) AS due(unit, amount)
                    WHERE state <> 'RUNNING' AND positions_evaluated > 0 AND unit IS NOT NULL
                      AND (generation.price_list_version IS NULL OR price.version = generation.price_list_version)
                ), reserved AS (
                    SELECT reservation_id AS request_id, unit, max(reserved) AS amount
                    FROM quota_reservation_line GROUP BY reservation_id, unit
                )
                SELECT request_id AS subject,
                       format('%s: charged %s and lost %s (expected: %s in sum)', unit,
                              coalesce(charged, 0), coalesce(lost, 0), coalesce(due.amount, 0)) AS detail
                FROM moved
                FULL JOIN due USING (request_id, unit)
                JOIN usage_generation AS generation USING (request_id)
                LEFT JOIN quota_reservation AS reservation ON reservation.reservation_id = request_id
                LEFT JOIN reserved USING (request_id, unit)
                WHERE generation.state <> 'RUNNING'
                  AND coalesce(lost, 0) + CASE WHEN late_time > reverse_time THEN 0 ELSE coalesce(charged, 0) END <> CASE
                      WHEN generation.state = 'EXPIRED' THEN least(coalesce(due.amount, 0), coalesce(reserved.amount, 0))
                      ELSE coalesce(due.amount, 0) END
                """),
        /** A request that was reversed gave back all that it was charged, and no other gave anything back. */
        REVERSAL("WITH " + MOVED + """
                , due AS (
                    SELECT request_id, unit, given_back, CASE WHEN reverse_time IS NULL THEN 0 ELSE charged END AS amount
                    FROM moved LEFT JOIN quota_reservation AS reservation ON reservation.reservation_id = request_id
                )
                SELECT request_id AS subject, format('%s: gave back %s (expected: %s)', unit, given_back, amount) AS detail
                FROM due
                WHERE given_back <> amount
                """),
        /** Every line of a reservation posted what the ledger charged and did not give back. */
        RESERVATION("WITH " + MOVED + """
                , kept AS (SELECT request_id, unit, charged - given_back AS amount FROM moved)
                SELECT line.reservation_id AS subject,
                       format('%s of budget %s: posted %s (ledger: %s)', line.unit, budget_id, line.posted, coalesce(kept.amount, 0)) AS detail
                FROM quota_reservation_line AS line
                LEFT JOIN kept ON kept.request_id = line.reservation_id AND kept.unit = line.unit
                WHERE line.posted <> coalesce(kept.amount, 0)
                """),
        /** Nothing is charged without a request and a reservation that say so. */
        ORPHAN("""
                SELECT DISTINCT entry.request_id AS subject,
                       CASE WHEN generation.request_id IS NULL THEN 'ledger entries of no request'
                            ELSE 'ledger entries of no reservation' END AS detail
                FROM usage_ledger_entry AS entry
                LEFT JOIN usage_generation AS generation USING (request_id)
                LEFT JOIN quota_reservation AS reservation ON reservation.reservation_id = entry.request_id
                WHERE generation.request_id IS NULL OR reservation.reservation_id IS NULL
                """),
        /** A posting's number is one that its reservation gave out. */
        SEQUENCE("""
                SELECT entry.request_id AS subject,
                       format('entry %s, after %s postings', max(entry.seq), reservation.postings) AS detail
                FROM usage_ledger_entry AS entry
                JOIN quota_reservation AS reservation ON reservation.reservation_id = entry.request_id
                WHERE entry.kind <> 'ADJUSTMENT'
                GROUP BY entry.request_id, reservation.postings
                HAVING max(entry.seq) >= reservation.postings
                """),
        /** Record and reservation tell the same end. */
        STATE("""
                SELECT request_id AS subject,
                       format('request %s, reservation %s', generation.state, coalesce(reservation.state, 'missing')) AS detail
                FROM usage_generation AS generation
                LEFT JOIN quota_reservation AS reservation ON reservation.reservation_id = generation.request_id
                WHERE (reservation.state IS NULL)
                   OR (generation.state = 'RUNNING') <> (reservation.state = 'PENDING')
                   OR generation.state = 'EXPIRED' AND (reservation.state <> 'EXPIRED' OR late_time IS NOT NULL)
                   OR generation.state IN ('FINISHED', 'CANCELLED', 'FAILED') AND reservation.state = 'EXPIRED' AND late_time IS NULL
                """),
        /** Budgets are the cache of ledger, reservations and leases. */
        BUDGET("WITH " + BalanceSql.TRUTH + """
                SELECT format('%s %s %s', budget.subject, budget.unit, budget.window_kind) AS subject,
                       format('posted %s, reserved %s, leased %s (expected: %s, %s, %s)', budget.posted, budget.reserved, budget.leased,
                              truth.posted, truth.reserved, truth.leased) AS detail
                FROM quota_budget AS budget JOIN truth USING (budget_id)
                WHERE (budget.posted, budget.reserved, budget.leased) IS DISTINCT FROM (truth.posted, truth.reserved, truth.leased)
                """);

        private final String statement;

        Query(String statement) {
            this.statement = statement;
        }
    }

    private final JdbcClient jdbc;

    LedgerCheckSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public List<LedgerCheck.Difference> differences(Query query) {
        return jdbc.sql("SELECT subject::text, detail FROM (" + query.statement
                        + ") AS found ORDER BY subject, detail LIMIT " + MOST_FOUND)
                .query((row, n) -> new LedgerCheck.Difference(
                        query.name().toLowerCase(Locale.ROOT), row.getString("subject"), row.getString("detail")))
                .list();
    }

    public long requests() {
        return jdbc.sql("SELECT count(*) FROM usage_generation")
                .query(Long.class)
                .single();
    }

    public long entries() {
        return jdbc.sql("SELECT count(*) FROM usage_ledger_entry")
                .query(Long.class)
                .single();
    }
}
