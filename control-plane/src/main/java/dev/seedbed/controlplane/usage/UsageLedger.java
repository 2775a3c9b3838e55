package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Reversal;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.internal.LedgerSql;
import dev.seedbed.controlplane.wire.RequestId;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** The append-only ledger. Entries are written in the transaction that moves the budgets. */
@Service
public class UsageLedger {

    private final LedgerSql ledger;
    private final MeterRegistry meters;

    UsageLedger(LedgerSql ledger, MeterRegistry meters) {
        this.ledger = ledger;
        this.meters = meters;
        // From the start: what was never counted cannot be told from what is not counted.
        for (var unit : Unit.values()) {
            meters.counter("seedbed.usage.posted", "unit", unit.name());
            meters.counter("seedbed.usage.loss", "unit", unit.name());
        }
    }

    /** Writes what postings moved. @param writes sent within the transaction */
    @Transactional(propagation = Propagation.MANDATORY)
    public void append(Collection<Posting> postings, Pipeline writes) {
        var entries = new ArrayList<LedgerEntry>();
        postings.forEach(posting -> entries.addAll(entries(posting)));
        if (entries.isEmpty()) {
            return;
        }
        ledger.insert(entries, writes, written -> {
            if (written != entries.size()) {
                // Budgets were moved for a posting that the ledger holds already: only a rollback keeps both equal.
                throw new IllegalStateException(
                        "ledger entries exist already: %d of %d new".formatted(written, entries.size()));
            }
            postings.forEach(this::count);
        });
    }

    /** Writes what a reversal gave back. A request is reversed at most once. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void append(Reversal reversal, Pipeline writes) {
        var entries = new ArrayList<LedgerEntry>();
        reversal.amounts()
                .positive()
                .forEach((unit, amount) -> entries.add(new LedgerEntry(
                        reversal.requestId(),
                        LedgerEntry.Kind.ADJUSTMENT,
                        0,
                        unit,
                        Account.REVERSAL,
                        Account.of(reversal.tenantId()),
                        amount)));
        ledger.insert(entries, writes, written -> {
            if (written != entries.size()) {
                throw new IllegalStateException("request is reversed already: " + reversal.requestId());
            }
            reversal.amounts()
                    .positive()
                    .forEach((unit, amount) -> meters.counter("seedbed.usage.reversed", "unit", unit.name())
                            .increment(amount));
        });
    }

    /** Entries of one request in the order of their posting. */
    @Transactional(readOnly = true)
    public List<LedgerEntry> entriesOf(RequestId requestId) {
        return ledger.entriesOf(requestId);
    }

    private static List<LedgerEntry> entries(Posting posting) {
        var entries = new ArrayList<LedgerEntry>();
        var kind = switch (posting.kind()) {
            case CHECKPOINT -> LedgerEntry.Kind.CHECKPOINT;
            case SETTLEMENT -> LedgerEntry.Kind.SETTLEMENT;
            case LATE_SETTLEMENT -> LedgerEntry.Kind.LATE_SETTLEMENT;
        };
        add(entries, posting, kind, posting.posted(), Account.of(posting.tenantId()));
        add(entries, posting, LedgerEntry.Kind.LOSS, posting.loss(), Account.LOSS);
        return entries;
    }

    private static void add(
            List<LedgerEntry> entries, Posting posting, LedgerEntry.Kind kind, Amounts amounts, Account debit) {
        amounts.positive()
                .forEach((unit, amount) -> entries.add(
                        new LedgerEntry(posting.requestId(), kind, posting.seq(), unit, debit, Account.WORK, amount)));
    }

    private void count(Posting posting) {
        posting.posted()
                .positive()
                .forEach((unit, amount) -> meters.counter("seedbed.usage.posted", "unit", unit.name())
                        .increment(amount));
        posting.loss()
                .positive()
                .forEach((unit, amount) -> meters.counter("seedbed.usage.loss", "unit", unit.name())
                        .increment(amount));
    }
}
