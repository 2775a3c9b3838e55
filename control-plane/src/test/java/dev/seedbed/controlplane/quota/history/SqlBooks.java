package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Locking;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.ReservationOutcome;
import dev.seedbed.controlplane.quota.ReservationRequest;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.TestingQuotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.lease.TestingLeases;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.LedgerEntry;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** The real statements. Time is moved by moving what was written with it. */
final class SqlBooks extends LeasingBooks {

    private final ApplicationContext database;
    private final Duration ttl;

    /** Of no replica: sets limits. */
    private final Quotas quotas;

    private final UsageLedger ledger;
    private final TransactionTemplate transaction;
    private final Pipelines pipelines;
    private final JdbcClient jdbc;
    private final Caller caller;
    private final Set<Limit.Key> limited = new HashSet<>();
    private final Map<Integer, RequestId> ids = new HashMap<>();
    private final Map<RequestId, Integer> requests = new HashMap<>();
    private int days;

    SqlBooks(ApplicationContext database, Caller caller, Duration ttl) {
        super(caller);
        this.database = database;
        this.quotas = database.getBean(Quotas.class);
        this.ledger = database.getBean(UsageLedger.class);
        this.transaction = database.getBean(TransactionTemplate.class);
        this.pipelines = database.getBean(Pipelines.class);
        this.jdbc = database.getBean(JdbcClient.class);
        this.caller = caller;
        this.ttl = ttl;
    }

    @Override
    RequestId id(int request) {
        return ids.computeIfAbsent(request, n -> {
            var id = RequestId.next(InstantSource.system());
            requests.put(id, n);
            return id;
        });
    }

    private Quotas of(int replica) {
        return TestingQuotas.of(database, replica(replica).leases());
    }

    @Override
    public boolean reserve(int request, int replica, Amounts wanted) {
        var inGroup = reserve(request, replica, wanted, Locking.SKIP);
        var outcome = inGroup instanceof ReservationOutcome.Contended
                ? reserve(request, replica, wanted, Locking.WAIT)
                : inGroup;
        return outcome instanceof ReservationOutcome.Reserved;
    }

    private ReservationOutcome reserve(int request, int replica, Amounts wanted, Locking locking) {
        return Objects.requireNonNull(transaction.execute(status -> {
            var writes = pipelines.begin();
            var outcome = of(replica)
                    .reserve(List.of(new ReservationRequest(id(request), caller, wanted)), replica, locking, writes)
                    .getFirst();
            writes.send();
            if (!(outcome instanceof ReservationOutcome.Reserved)) {
                status.setRollbackOnly();
            }
            return outcome;
        }));
    }

    @Override
    public boolean extend(int request, int replica, Amounts more) {
        return admitted(() -> of(replica).extend(id(request), replica, more));
    }

    private boolean admitted(Supplier<?> step) {
        try {
            transaction.execute(status -> step.get());
            return true;
        } catch (SeedbedException refused) {
            return false;
        }
    }

    @Override
    public Map<Integer, ReservationState> checkpoint(int replica, Map<Integer, Amounts> cumulative) {
        var byId = new HashMap<RequestId, Amounts>();
        cumulative.forEach((request, work) -> byId.put(id(request), work));
        List<Posting> postings = inTransaction(() -> {
            var writes = pipelines.begin();
            var posted = of(replica).checkpoint(byId, replica, Locking.SKIP, writes);
            ledger.append(posted, writes);
            writes.send();
            return posted;
        });
        var states = new HashMap<Integer, ReservationState>();
        for (var request : cumulative.keySet()) {
            postings.stream()
                    .filter(posting -> posting.requestId().equals(id(request)))
                    .forEach(posting -> states.put(request, posting.state()));
        }
        return states;
    }

    @Override
    public ReservationState settle(int request, int replica, Amounts cumulative) {
        return inTransaction(() -> {
            var writes = pipelines.begin();
            var postings = of(replica).settle(Map.of(id(request), cumulative), replica, Locking.SKIP, writes);
            ledger.append(postings, writes);
            writes.send();
            return postings.getFirst().state();
        });
    }

    @Override
    int request(RequestId id) {
        return Objects.requireNonNull(requests.get(id));
    }

    @Override
    Leases leases(LongSupplier clock) {
        return TestingLeases.over(database, ttl, clock);
    }

    @Override
    LeasingReplica.Writing writing(Leases leases, int replica) {
        transaction.executeWithoutResult(status -> leases.recall());
        return (round, open, ended) -> inTransaction(() -> {
            var written = leases.write(round, replica, open, ended);
            pipelines.sendNow(writes -> ledger.append(written.postings(), writes));
            return written;
        });
    }

    @Override
    public void sweep() {
        transaction.executeWithoutResult(status -> replica(0).leases().expireOverdue(100));
        while (inTransaction(() -> quotas.expireOverdue(100)).size() == 100) {}
    }

    private <T> T inTransaction(Supplier<T> step) {
        return Objects.requireNonNull(transaction.execute(status -> step.get()));
    }

    @Override
    public void advance(Duration time) {
        jdbc.sql(
                        "UPDATE quota_lease SET expire_time = expire_time - :seconds * interval '1 second' WHERE tenant_id = :tenant")
                .param("seconds", time.toSeconds())
                .param("tenant", caller.tenantId().value())
                .update();
        jdbc.sql(
                        "UPDATE quota_reservation SET expire_time = expire_time - :seconds * interval '1 second' WHERE tenant_id = :tenant")
                .param("seconds", time.toSeconds())
                .param("tenant", caller.tenantId().value())
                .update();
    }

    @Override
    public void turnDay() {
        // The first day goes furthest back, so that days keep their order and never meet.
        jdbc.sql("""
                UPDATE quota_budget
                SET window_start = window_start - :days * interval '1 day', window_end = window_end - :days * interval '1 day'
                WHERE tenant_id = :tenant AND window_kind = 'DAY' AND window_end > now()
                """)
                .param("days", 1_000 - days++)
                .param("tenant", caller.tenantId().value())
                .update();
    }

    @Override
    public void setLimit(Subject subject, Limit limit) {
        limited.add(limit.key());
        quotas.setLimit(subject, caller.tenantId(), limit);
    }

    /** Without those that are counted for the tenant and not limited. */
    @Override
    public List<Counter> counters() {
        return jdbc
                .sql("""
                SELECT subject, unit, window_kind, posted, reserved, leased,
                       row_number() OVER (PARTITION BY subject, unit, window_kind ORDER BY window_start) AS number
                FROM quota_budget
                WHERE tenant_id = :tenant AND limit_amount IS NOT NULL
                """)
                .param("tenant", caller.tenantId().value())
                .query((row, n) -> new Counter(
                        Subject.parse(row.getString("subject")),
                        new Limit.Key(
                                Unit.valueOf(row.getString("unit")), Window.valueOf(row.getString("window_kind"))),
                        row.getInt("number"),
                        row.getLong("posted"),
                        row.getLong("reserved"),
                        row.getLong("leased")))
                .list()
                .stream()
                .filter(counter -> limited.contains(counter.key()))
                .sorted(MemoryBooks.ORDER)
                .toList();
    }

    @Override
    public Amounts charged(int request) {
        return sum(request, false);
    }

    @Override
    public Amounts lost(int request) {
        return sum(request, true);
    }

    private Amounts sum(int request, boolean lost) {
        var sums = new EnumMap<Unit, Long>(Unit.class);
        ledger.entriesOf(id(request)).stream()
                .filter(entry -> (entry.kind() == LedgerEntry.Kind.LOSS) == lost)
                .forEach(entry -> sums.merge(entry.unit(), entry.amount(), Long::sum));
        return Amounts.of(sums);
    }
}
