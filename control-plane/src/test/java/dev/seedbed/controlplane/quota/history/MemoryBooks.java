package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Posting;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.internal.AdmissionDecision;
import dev.seedbed.controlplane.quota.internal.Bucket;
import dev.seedbed.controlplane.quota.internal.BudgetRow;
import dev.seedbed.controlplane.quota.internal.Decided;
import dev.seedbed.controlplane.quota.internal.InForce;
import dev.seedbed.controlplane.quota.internal.LockedBudgets;
import dev.seedbed.controlplane.quota.internal.PostingDecision;
import dev.seedbed.controlplane.quota.internal.ReservationRow;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.lease.TestingLeases;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Applies the pure decisions to rows in memory, as the statements apply them to tables. */
final class MemoryBooks extends LeasingBooks implements TestingLeases.Rows {

    private static final Amounts ONE_PLACE = Amounts.of(Map.of(Unit.CONCURRENT_REQUEST, 1L));

    /** As {@link AdmissionDecision#decide}; a test puts a wrong one here to see it found. */
    private final BiFunction<List<BudgetRow>, Amounts, AdmissionDecision> admission;

    private final Caller caller;
    private final Duration ttl;
    private final Map<Subject, Map<Limit.Key, Limit>> limits = new LinkedHashMap<>();
    private final List<BudgetRow> budgets = new ArrayList<>();
    private final Map<Integer, Reservation> reservations = new HashMap<>();
    private final Map<Integer, Amounts> charged = new HashMap<>();
    private final Map<Integer, Amounts> lost = new HashMap<>();
    private final TestingLeases.Memory leases;
    private long nowMicros;
    private long day;

    MemoryBooks(Caller caller, Duration ttl) {
        this(caller, ttl, AdmissionDecision::decide);
    }

    MemoryBooks(Caller caller, Duration ttl, BiFunction<List<BudgetRow>, Amounts, AdmissionDecision> admission) {
        super(caller);
        this.caller = caller;
        this.ttl = ttl;
        this.admission = admission;
        this.leases = new TestingLeases.Memory(this, ttl);
    }

    /** @param lines reserved and posted, by budget */
    private record Reservation(
            int replica, ReservationState state, boolean late, long expireMicros, Map<Long, long[]> lines) {

        Reservation with(ReservationState next, boolean settledLate) {
            return new Reservation(replica, next, settledLate, expireMicros, lines);
        }

        Reservation until(long micros) {
            return new Reservation(replica, state, late, micros, lines);
        }
    }

    @Override
    public boolean reserve(int request, int replica, Amounts withoutPlace) {
        var wanted = withoutPlace.plus(ONE_PLACE);
        var rows = open();
        if (!admits(replica, rows, wanted)) {
            return false;
        }
        rows.stream().filter(row -> row.id() >= budgets.size()).toList().forEach(budgets::add);
        var lines = new LinkedHashMap<Long, long[]>();
        for (var row : rows) {
            var amount = wanted.get(row.unit());
            if (amount > 0) {
                lines.put(row.id(), new long[] {amount, 0});
                move(row.id(), 0, amount);
            }
        }
        reservations.put(request, new Reservation(replica, ReservationState.PENDING, false, expiry(), lines));
        TestingLeases.grant(replica(replica).leases(), caller, replica, open(), wanted);
        return true;
    }

    private boolean admits(int replica, List<BudgetRow> rows, Amounts wanted) {
        var decision = admission.apply(rows, wanted);
        if (decision instanceof AdmissionDecision.Refused refused
                && refused.budget().leased() > 0) {
            replica(replica).leases().standsInTheWay(refused.budget().id());
        }
        return decision instanceof AdmissionDecision.Admitted;
    }

    @Override
    public boolean extend(int request, int replica, Amounts more) {
        var reservation = own(request, replica);
        if (reservation.state() != ReservationState.PENDING) {
            return false;
        }
        var rows = reservation.lines().keySet().stream().map(this::budget).toList();
        if (!admits(replica, rows, more)) {
            return false;
        }
        for (var row : rows) {
            line(reservation, row.id())[0] += more.get(row.unit());
            move(row.id(), 0, more.get(row.unit()));
        }
        return true;
    }

    @Override
    public Map<Integer, ReservationState> checkpoint(int replica, Map<Integer, Amounts> cumulative) {
        var states = new HashMap<Integer, ReservationState>();
        cumulative.forEach((request, work) -> {
            var reservation = own(request, replica);
            apply(request, reservation, PostingDecision.checkpoint(row(reservation), work));
            if (reservation.state() == ReservationState.PENDING) {
                reservations.put(request, get(request).until(expiry()));
            }
            states.put(request, get(request).state());
        });
        return states;
    }

    @Override
    public ReservationState settle(int request, int replica, Amounts cumulative) {
        var reservation = own(request, replica);
        apply(request, reservation, PostingDecision.settle(row(reservation), cumulative));
        return get(request).state();
    }

    @Override
    RequestId id(int request) {
        return new RequestId(new UUID(0, request));
    }

    @Override
    int request(RequestId id) {
        return Math.toIntExact(id.value().getLeastSignificantBits());
    }

    @Override
    Leases leases(LongSupplier clock) {
        return TestingLeases.over(leases, ttl, clock);
    }

    @Override
    LeasingReplica.Writing writing(Leases own, int replica) {
        own.recall();
        return (round, open, ended) -> own.write(round, replica, open, ended);
    }

    @Override
    public long nowMicros() {
        return nowMicros;
    }

    @Override
    public InForce inForce() {
        var byOpen = open().stream().collect(Collectors.partitioningBy(row -> row.id() < budgets.size()));
        var open = Objects.requireNonNull(byOpen.get(true));
        var unopened = Objects.requireNonNull(byOpen.get(false));
        return new InForce(open, unopened.stream().map(BudgetRow::subject).collect(Collectors.toSet()));
    }

    @Override
    public void move(LockedBudgets.Move move) {
        move(move.budgetId(), move.posted(), move.reserved(), move.leased());
    }

    @Override
    public boolean isThere(RequestId id) {
        return reservations.containsKey(request(id));
    }

    @Override
    public void insertPosted(Decided made) {
        var lines = new LinkedHashMap<Long, long[]>();
        made.reservation().lines().forEach(line -> lines.put(line.budget().id(), new long[] {line.reserved(), 0}));
        made.decision()
                .changes()
                .forEach(change -> Objects.requireNonNull(lines.get(change.budgetId()))[1] += change.posted());
        var request = request(made.reservation().id());
        var late = made.reservation().state() == ReservationState.EXPIRED;
        reservations.put(
                request,
                new Reservation(
                        Math.toIntExact(made.reservation().ownerEpoch()),
                        made.decision().state(),
                        late,
                        expiry(),
                        lines));
        charged.merge(request, made.decision().posted(), Amounts::plus);
        lost.merge(request, made.decision().loss(), Amounts::plus);
    }

    @Override
    public Posting settle(RequestId id, Amounts cumulative) {
        var reservation = get(request(id));
        var decided = new Decided(row(reservation), PostingDecision.settle(row(reservation), cumulative));
        apply(request(id), reservation, decided.decision());
        return decided.posting(decided.settlement());
    }

    @Override
    public void sweep() {
        leases.expireOverdue(100);
        reservations.forEach((request, reservation) -> {
            if (reservation.state() == ReservationState.PENDING && reservation.expireMicros() < nowMicros) {
                apply(request, reservation, PostingDecision.expire(row(reservation)));
            }
        });
    }

    private void apply(int request, Reservation reservation, PostingDecision decision) {
        if (decision.changesNothing(reservation.state())) {
            return;
        }
        if (reservation.state() != ReservationState.PENDING && decision.state() != reservation.state()) {
            throw new AssertionError(
                    "resolved twice: %d, %s, %s".formatted(request, reservation.state(), decision.state()));
        }
        for (var change : decision.changes()) {
            line(reservation, change.budgetId())[1] += change.posted();
            move(change.budgetId(), change.posted(), -change.freed());
        }
        charged.merge(request, decision.posted(), Amounts::plus);
        lost.merge(request, decision.loss(), Amounts::plus);
        reservations.put(request, reservation.with(decision.state(), reservation.state() == ReservationState.EXPIRED));
    }

    private ReservationRow row(Reservation reservation) {
        return new ReservationRow(
                new RequestId(new UUID(0, 0)),
                new TenantId(new UUID(0, 0)),
                reservation.replica(),
                reservation.state(),
                reservation.late(),
                0,
                reservation.lines().entrySet().stream()
                        .map(line ->
                                new ReservationRow.Line(budget(line.getKey()), line.getValue()[0], line.getValue()[1]))
                        .toList());
    }

    @Override
    public void advance(Duration time) {
        nowMicros += time.toNanos() / 1_000;
    }

    @Override
    public void turnDay() {
        day++;
    }

    @Override
    public void setLimit(Subject subject, Limit limit) {
        limits.computeIfAbsent(subject, s -> new LinkedHashMap<>()).put(limit.key(), limit);
        budgets.replaceAll(row -> row.subject().equals(subject)
                        && isOpen(row)
                        && row.unit() == limit.unit()
                        && row.window() == limit.window()
                ? row(row, row.levelNow(), row.reserved(), row.leased(), limit.amount())
                : row);
    }

    /** Those that count now; where a limit has none yet, with the number that it will have once something is admitted. */
    private List<BudgetRow> open() {
        var open = new ArrayList<>(budgets.stream()
                .filter(this::isOpen)
                .map(row -> budget(row.id()))
                .toList());
        limits.forEach((subject, of) -> of.values().stream()
                .filter(limit ->
                        open.stream().noneMatch(row -> row.subject().equals(subject) && key(row).equals(limit.key())))
                .toList()
                .forEach(limit -> open.add(unused(
                        budgets.size()
                                + (int) open.stream()
                                        .filter(row -> row.id() >= budgets.size())
                                        .count(),
                        subject,
                        limit))));
        return open;
    }

    private BudgetRow unused(long id, Subject subject, Limit limit) {
        return new BudgetRow(
                id,
                subject,
                limit.unit(),
                limit.window(),
                limit.amount(),
                limit.durability(),
                new Bucket(0, nowMicros),
                0,
                0,
                nowMicros,
                limit.window() == Window.DAY ? day : null);
    }

    private static Limit.Key key(BudgetRow row) {
        return new Limit.Key(row.unit(), row.window());
    }

    /** A day's row keeps its number where the real one keeps its end. */
    private boolean isOpen(BudgetRow row) {
        return row.endMicros() == null || row.endMicros() == day;
    }

    /** As of now. */
    @Override
    public BudgetRow budget(long id) {
        var row = budgets.get((int) id);
        return row(row, row.level(), row.reserved(), row.leased(), row.limit());
    }

    private void move(long id, long posted, long reserved) {
        move(id, posted, reserved, 0);
    }

    private void move(long id, long posted, long reserved, long leased) {
        var row = budget(id);
        var level = row.levelNow();
        budgets.set(
                (int) id,
                row(
                        row,
                        new Bucket(level.posted() + posted, level.atMicros()),
                        row.reserved() + reserved,
                        row.leased() + leased,
                        row.limit()));
    }

    private BudgetRow row(BudgetRow row, Bucket level, long reserved, long leased, @Nullable Long limit) {
        return new BudgetRow(
                row.id(),
                row.subject(),
                row.unit(),
                row.window(),
                limit,
                row.durability(),
                level,
                reserved,
                leased,
                nowMicros,
                row.endMicros());
    }

    @Override
    public List<Counter> counters() {
        var windows = new HashMap<List<Object>, Integer>();
        return budgets.stream()
                .map(row -> new Counter(
                        row.subject(),
                        key(row),
                        windows.merge(List.of(row.subject(), key(row)), 1, Integer::sum),
                        budget(row.id()).levelNow().posted(),
                        row.reserved(),
                        row.leased()))
                .sorted(ORDER)
                .toList();
    }

    static final Comparator<Counter> ORDER = Comparator.comparing(
                    (Counter counter) -> counter.subject().toString())
            .thenComparing(counter -> counter.key().unit())
            .thenComparing(counter -> counter.key().window())
            .thenComparing(Counter::window);

    @Override
    public Amounts charged(int request) {
        return charged.getOrDefault(request, Amounts.NONE);
    }

    @Override
    public Amounts lost(int request) {
        return lost.getOrDefault(request, Amounts.NONE);
    }

    /** Posted and open amounts of a request's lines must be what its budgets hold. */
    void requireConsistent() {
        for (var budget : budgets) {
            var held = reservations.values().stream()
                    .filter(reservation -> reservation.state() == ReservationState.PENDING)
                    .mapToLong(reservation -> open(reservation, budget.id()))
                    .sum();
            require(budget.reserved() == held, "reserved %s, held %d".formatted(budget, held));
            require(
                    budget.leased() == leases.held(budget.id()),
                    "leased %s, held %d".formatted(budget, leases.held(budget.id())));
            var posted = reservations.entrySet().stream()
                    .filter(entry -> entry.getValue().lines().containsKey(budget.id()))
                    .mapToLong(entry -> charged(entry.getKey()).get(budget.unit()))
                    .sum();
            require(
                    budget.window().isBucket() || budget.level().posted() == posted,
                    "posted %s, ledger %d".formatted(budget, posted));
        }
    }

    private static long open(Reservation reservation, long budget) {
        var line = reservation.lines().get(budget);
        return line == null ? 0 : line[0] - line[1];
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private long expiry() {
        return nowMicros + ttl.toNanos() / 1_000;
    }

    private Reservation get(int request) {
        var reservation = reservations.get(request);
        if (reservation == null) {
            throw new AssertionError("no reservation: " + request);
        }
        return reservation;
    }

    private Reservation own(int request, int replica) {
        var reservation = get(request);
        require(reservation.replica() == replica, "reservation of another replica: " + request);
        return reservation;
    }

    private static long[] line(Reservation reservation, long budget) {
        var line = reservation.lines().get(budget);
        if (line == null) {
            throw new AssertionError("no line of budget " + budget);
        }
        return line;
    }
}
