package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.Account;
import dev.seedbed.controlplane.usage.LedgerEntry;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on usage_ledger_entry. */
@Repository
public class LedgerSql {

    private final JdbcClient jdbc;

    LedgerSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Writes the entries that are not there yet. @param written is told how many that were */
    public void insert(List<LedgerEntry> entries, Pipeline writes, IntConsumer written) {
        writes.sql("""
                INSERT INTO usage_ledger_entry (request_id, kind, seq, unit, debit_account, credit_account, amount)
                SELECT * FROM unnest(
                    :requests::uuid[], :kinds::text[], :seqs::integer[], :units::text[],
                    :debits::text[], :credits::text[], :amounts::bigint[])
                ON CONFLICT DO NOTHING
                """)
                .param("requests", texts(entries, entry -> entry.requestId().toString()))
                .param("kinds", texts(entries, entry -> entry.kind().name()))
                .param("seqs", entries.stream().map(LedgerEntry::seq).toArray(Integer[]::new))
                .param("units", texts(entries, entry -> entry.unit().name()))
                .param("debits", texts(entries, entry -> entry.debit().name()))
                .param("credits", texts(entries, entry -> entry.credit().name()))
                .param("amounts", entries.stream().map(LedgerEntry::amount).toArray(Long[]::new))
                .update(written);
    }

    public List<LedgerEntry> entriesOf(RequestId requestId) {
        return jdbc.sql("""
                SELECT kind, seq, unit, debit_account, credit_account, amount
                FROM usage_ledger_entry
                WHERE request_id = :request
                ORDER BY seq, kind, unit
                """)
                .param("request", requestId.value())
                .query((row, n) -> new LedgerEntry(
                        requestId,
                        LedgerEntry.Kind.valueOf(row.getString("kind")),
                        row.getInt("seq"),
                        Unit.valueOf(row.getString("unit")),
                        new Account(row.getString("debit_account")),
                        new Account(row.getString("credit_account")),
                        row.getLong("amount")))
                .list();
    }

    private static String[] texts(List<LedgerEntry> entries, Function<LedgerEntry, String> text) {
        return entries.stream().map(text).toArray(String[]::new);
    }
}
