package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.usage.internal.LedgerCheckSql;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Transactional;

/** Recomputes everything that ledger, reservations, budgets and records say of one another. */
@Service
public class LedgerCheck {

    /** Of each kind, so that a report stays readable. */
    static final int MOST_SHOWN = 20;

    private final LedgerCheckSql sql;

    LedgerCheck(LedgerCheckSql sql) {
        this.sql = sql;
    }

    /**
     * One thing that should be equal and is not.
     *
     * @param subject a request id or a budget
     */
    public record Difference(String kind, String subject, String detail) {}

    /**
     * @param differences at most {@link #MOST_SHOWN} of each kind; none: all is proved
     * @param differenceCount of all
     */
    public record Report(long requests, long entries, List<Difference> differences, long differenceCount) {}

    /** In one snapshot, while the system runs. */
    @Transactional(readOnly = true, isolation = Isolation.REPEATABLE_READ)
    public Report verify() {
        var shown = new ArrayList<Difference>();
        long count = 0;
        for (var query : LedgerCheckSql.Query.values()) {
            var found = sql.differences(query);
            count += found.size();
            shown.addAll(found.subList(0, Math.min(MOST_SHOWN, found.size())));
        }
        return new Report(sql.requests(), sql.entries(), List.copyOf(shown), count);
    }
}
