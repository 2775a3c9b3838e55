package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.lease.Flush;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Replicas that serve requests as the control plane does, and after every step what must hold: nothing is exceeded, nothing is
 * billed that was not done, and in the end nothing is held.
 */
final class World {

    static final int REPLICAS = 3;
    static final Duration TTL = Duration.ofSeconds(10);

    /** Which limit a step may change: of tenant (0), project (1) or key (2). */
    record Place(int subject, Unit unit, Window window, long amount) {}

    static final List<Place> LIMITS = List.of(
            new Place(0, Unit.POSITION, Window.EVER, 1_500),
            new Place(0, Unit.OUTPUT_TOKEN, Window.EVER, 100_000),
            new Place(0, Unit.CONCURRENT_REQUEST, Window.EVER, 6),
            new Place(1, Unit.POSITION, Window.DAY, 500),
            new Place(1, Unit.OUTPUT_TOKEN, Window.DAY, 120),
            new Place(2, Unit.REQUEST, Window.EVER, 30),
            new Place(2, Unit.POSITION, Window.EVER, 1_000));

    /** Only over memory, whose clock stands still between steps. */
    static final List<Place> BUCKETS =
            List.of(new Place(0, Unit.REQUEST, Window.MINUTE, 12), new Place(2, Unit.OUTPUT_TOKEN, Window.HOUR, 300));

    /** For histories with leases: what may be leased, in windows that do not turn. */
    static final List<Place> LEASED = List.of(
            new Place(0, Unit.POSITION, Window.EVER, 6_000),
            new Place(0, Unit.OUTPUT_TOKEN, Window.EVER, 100_000),
            new Place(0, Unit.CONCURRENT_REQUEST, Window.EVER, 40),
            new Place(1, Unit.POSITION, Window.EVER, 5_000),
            new Place(1, Unit.OUTPUT_TOKEN, Window.EVER, 1_200),
            new Place(2, Unit.REQUEST, Window.EVER, 200));

    static final List<Place> LEASED_BUCKETS = List.of(new Place(2, Unit.OUTPUT_TOKEN, Window.HOUR, 900));

    /** A request at its replica. */
    private static final class Open {
        final int replica;
        Amounts reserved;
        Amounts done = Amounts.NONE;
        /** On the replica's clock. */
        double renewedAt;
        /** It was taken from an allowance. */
        final boolean taken;
        /** It has a reservation. */
        boolean recorded;

        Open(int replica, Amounts reserved, double renewedAt, boolean taken) {
            this.replica = replica;
            this.reserved = reserved;
            this.renewedAt = renewedAt;
            this.taken = taken;
            this.recorded = !taken;
        }
    }

    private final Books books;
    private final List<Subject> subjects;
    private final List<Place> places;
    private final Map<Integer, Open> open = new LinkedHashMap<>();
    private final Map<Integer, Amounts> done = new HashMap<>();
    private final Map<Integer, ReservationState> states = new HashMap<>();
    private final Map<String, Long> ceilings = new HashMap<>();
    /** Counters of days that are over: limits set later do not concern them. */
    private final Set<String> over = new HashSet<>();

    private final double[] clocks = new double[REPLICAS];
    private final boolean[] paused = new boolean[REPLICAS];
    /** Of each replica: a crash makes the next one. */
    private final int[] epochs = new int[REPLICAS];

    private boolean reachable = true;
    private int requests;
    private int admitted;

    private final Durability durability;

    /** Taken and ended, and not known to be written yet. */
    private final Map<Integer, Open> ended = new LinkedHashMap<>();

    private int taken;

    /** @param subjects tenant, project and key */
    World(Books books, List<Subject> subjects, List<Place> places, Durability durability) {
        this.books = books;
        this.subjects = subjects;
        this.places = places;
        this.durability = durability;
        places.forEach(place -> setLimit(place, place.amount()));
    }

    int admitted() {
        return admitted;
    }

    /** Of the admitted ones, those that nobody was asked for. */
    int taken() {
        return taken;
    }

    void step(Step step) {
        switch (step) {
            case Step.Reserve(var replica, var wanted) -> reserve(replica, wanted);
            case Step.Work(var request, var percent) -> held(request).ifHeld(one -> work(request, one, percent));
            case Step.Extend(var request, var positions) ->
                held(request).ifHeld(one -> extend(request, one, positions));
            case Step.Beat(var replica) -> beat(replica);
            case Step.Settle(var request) -> settle(request);
            case Step.Crash(var replica) -> crash(replica);
            case Step.Pause(var replica) -> paused[replica] = true;
            case Step.Resume(var replica) -> paused[replica] = false;
            case Step.Sweep() -> sweep();
            case Step.Outage() -> reachable = false;
            case Step.Recovery() -> reachable = true;
            case Step.Advance(var seconds) -> advance(seconds);
            case Step.TurnDay() -> turnDay();
            case Step.SetLimit(var limit, var amount) -> changeLimit(places.get(limit % places.size()), amount);
        }
        requireNoOvershoot();
    }

    private int owner(int replica) {
        return replica + REPLICAS * epochs[replica];
    }

    private void reserve(int replica, Amounts wanted) {
        var request = requests++;
        if (paused[replica]) {
            return;
        }
        if (durability == Durability.LEASED && take(request, replica, wanted)) {
            admitted++;
            taken++;
            open.put(request, new Open(replica, wanted, books.renewedAt(owner(replica)), true));
        } else if (reachable && books.reserve(request, owner(replica), wanted)) {
            admitted++;
            open.put(request, new Open(replica, wanted, clocks[replica], false));
            states.put(request, ReservationState.PENDING);
        }
    }

    /** Half of those that find too little wait for a flush. */
    private boolean take(int request, int replica, Amounts wanted) {
        if (books.take(request, owner(replica), wanted)) {
            return true;
        }
        if (!reachable || request % 2 == 0) {
            return false;
        }
        flush(replica, Flush.DEMAND);
        return books.take(request, owner(replica), wanted);
    }

    /** A request whose replica runs and may spend for it. */
    private record Held(@Nullable Open one) {
        interface Action {
            void on(Open one);
        }

        void ifHeld(Action action) {
            if (one != null) {
                action.on(one);
            }
        }
    }

    private Held held(int request) {
        var one = open.get(request);
        var held = one != null && !paused[one.replica] && clocks[one.replica] - one.renewedAt <= TTL.toSeconds() / 2.0;
        return new Held(held ? one : null);
    }

    private void work(int request, Open one, int percent) {
        var rest = one.reserved.get(Unit.POSITION) - one.done.get(Unit.POSITION);
        var evaluated = one.done.get(Unit.POSITION) + rest * percent / 100;
        if (evaluated == 0) {
            return;
        }
        // The first pass reads the prompt; tokens come with positions.
        var input = one.reserved.get(Unit.INPUT_TOKEN);
        one.done = Amounts.of(Map.of(
                Unit.REQUEST,
                1L,
                Unit.INPUT_TOKEN,
                input,
                Unit.CACHED_INPUT_TOKEN,
                input / 3,
                Unit.OUTPUT_TOKEN,
                Math.max(
                        one.done.get(Unit.OUTPUT_TOKEN),
                        one.reserved.get(Unit.OUTPUT_TOKEN) * evaluated / one.reserved.get(Unit.POSITION)),
                Unit.POSITION,
                evaluated));
        done.put(request, one.done);
    }

    private void extend(int request, Open one, long positions) {
        var more = Amounts.of(Map.of(Unit.POSITION, positions));
        var extended = one.recorded
                ? reachable && books.extend(request, owner(one.replica), more)
                : books.takeMore(request, owner(one.replica), more);
        if (extended) {
            one.reserved = one.reserved.plus(more);
        }
    }

    private void beat(int replica) {
        if (paused[replica] || !reachable) {
            return;
        }
        if (durability == Durability.LEASED) {
            flush(replica, Flush.HEARTBEAT);
        }
        var work = new HashMap<Integer, Amounts>();
        open.forEach((request, one) -> {
            if (one.replica == replica && one.recorded) {
                work.put(request, one.done);
            }
        });
        books.checkpoint(owner(replica), work).forEach((request, state) -> {
            observe(request, state);
            if (state == ReservationState.PENDING) {
                var one = open.get(request);
                if (one != null) {
                    one.renewedAt = clocks[replica];
                }
            } else {
                // It learns that it has lost the request, and settles what it did.
                settle(request);
            }
        });
    }

    private void flush(int replica, Flush why) {
        var work = new HashMap<Integer, Amounts>();
        open.forEach((request, one) -> {
            if (one.replica == replica && !one.recorded) {
                work.put(request, one.done);
            }
        });
        var before = List.copyOf(ended.entrySet());
        var flushed = books.flush(owner(replica), work, why);
        for (var entry : before) {
            var one = entry.getValue();
            if (one.replica == replica && (one.recorded || flushed.recorded().contains(entry.getKey()))) {
                ended.remove(entry.getKey());
                requireAllWork(entry.getKey(), one);
            }
        }
        flushed.recorded().forEach(request -> {
            var one = open.get(request);
            if (one != null) {
                one.recorded = true;
                one.renewedAt = clocks[replica];
                states.put(request, ReservationState.PENDING);
            }
        });
        flushed.lost().forEach(this::settle);
    }

    private void requireAllWork(int request, Open one) {
        require(
                books.charged(request).plus(books.lost(request)).equals(one.done),
                "request %d: charged %s, lost %s, done %s"
                        .formatted(request, books.charged(request), books.lost(request), one.done));
    }

    private void settle(int request) {
        var one = open.get(request);
        if (one == null || paused[one.replica]) {
            return;
        }
        if (one.taken) {
            books.end(request, owner(one.replica), one.done);
            open.remove(request);
            ended.put(request, one);
            return;
        }
        if (!reachable) {
            return;
        }
        observe(request, books.settle(request, owner(one.replica), one.done));
        open.remove(request);
        requireAllWork(request, one);
    }

    private void observe(int request, ReservationState state) {
        var before = states.put(request, state);
        require(
                before == ReservationState.PENDING || before == state,
                "request %d resolved twice: %s, %s".formatted(request, before, state));
    }

    private void crash(int replica) {
        open.values().removeIf(one -> one.replica == replica);
        ended.values().removeIf(one -> one.replica == replica);
        paused[replica] = false;
        epochs[replica]++;
        books.clock(owner(replica), clocks[replica]);
    }

    private void sweep() {
        if (reachable) {
            books.sweep();
        }
    }

    private void advance(int seconds) {
        books.advance(Duration.ofSeconds(seconds));
        for (int replica = 0; replica < REPLICAS; replica++) {
            // One is right, one runs slow, one fast, by more than any clock does.
            clocks[replica] += seconds * (0.9 + 0.1 * replica);
            books.clock(owner(replica), clocks[replica]);
        }
    }

    /** Leases want room: limits that may be leased stay in proportion. */
    private void changeLimit(Place place, long amount) {
        setLimit(place, durability == Durability.LEASED ? amount * place.amount() / 200 : amount);
    }

    private void setLimit(Place place, long amount) {
        var subject = subjects.get(place.subject());
        books.setLimit(subject, new Limit(place.unit(), place.window(), amount, durability));
        ceilings.put(name(subject, place.unit(), place.window()), amount);
        books.counters().stream()
                .filter(counter -> counter.subject().equals(subject)
                        && counter.key().equals(new Limit.Key(place.unit(), place.window())))
                .filter(counter -> !over.contains(name(counter)))
                .forEach(counter -> ceilings.put(
                        name(counter), Math.max(amount, counter.posted() + counter.reserved() + counter.leased())));
    }

    private void turnDay() {
        books.turnDay();
        books.counters().stream()
                .filter(counter -> counter.key().window() == Window.DAY && over.add(name(counter)))
                .forEach(counter -> ceilings.put(name(counter), ceiling(counter)));
    }

    private long ceiling(Books.Counter counter) {
        var ofLimit = ceilings.getOrDefault(
                name(counter.subject(), counter.key().unit(), counter.key().window()), Long.MAX_VALUE);
        return ceilings.getOrDefault(name(counter), ofLimit);
    }

    private static String name(Books.Counter counter) {
        return name(counter.subject(), counter.key().unit(), counter.key().window()) + counter.window();
    }

    private static String name(Subject subject, Unit unit, Window window) {
        return "%s %s %s ".formatted(subject, unit, window);
    }

    private void requireNoOvershoot() {
        for (var counter : books.counters()) {
            require(
                    counter.posted() + counter.reserved() + counter.leased() <= ceiling(counter),
                    "exceeded: %s (limit: %d)".formatted(counter, ceiling(counter)));
        }
    }

    /** Everybody comes back, ends what it holds, and what nobody holds any more expires. */
    void end() {
        reachable = true;
        for (int replica = 0; replica < REPLICAS; replica++) {
            paused[replica] = false;
        }
        new ArrayList<>(open.keySet()).forEach(this::settle);
        if (durability == Durability.LEASED) {
            for (int replica = 0; replica < REPLICAS; replica++) {
                // What the first one finds lost or records as open is settled by the next one.
                flush(replica, Flush.LAST);
                flush(replica, Flush.LAST);
                flush(replica, Flush.LAST);
            }
            require(ended.isEmpty(), "never written: " + ended.keySet());
        }
        advance(12);
        sweep();
        for (var counter : books.counters()) {
            require(counter.reserved() + counter.leased() == 0, "leaked: " + counter);
        }
        for (int request = 0; request < requests; request++) {
            var work = done.getOrDefault(request, Amounts.NONE);
            var beyond = books.charged(request).minus(work);
            require(beyond.isNone(), "request %d: charged %s more than was done".formatted(request, beyond));
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
