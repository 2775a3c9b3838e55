package dev.seedbed.controlplane.generation.queue;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.controlplane.generation.MetricBuckets;
import dev.seedbed.controlplane.generation.queue.WaitingRoom.Ticket;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.springframework.stereotype.Component;

/**
 * The way to the engine: a generation takes a place here before its first dispatch, and gives it back after its last. Those that
 * find none wait in their own threads.
 */
@Component
public class DispatchQueue {

    private static final String SHED = "seedbed.generation.queue.shed";
    private static final String REFUSED = "seedbed.generation.queue.refused";

    /** Why one that waited got no place. */
    private enum Shed {
        FULL,
        MAX_WAIT,
        DEADLINE
    }

    /** How often one that waits looks whether its client is still there. */
    private static final Duration LOOK_ROUND = Duration.ofMillis(250);

    private static final Duration PAUSE_AFTER_REFUSAL = Duration.ofMillis(100);
    private static final Duration RAISE_LIMIT_AFTER = Duration.ofSeconds(1);

    private final ReentrantLock lock = new ReentrantLock();
    private final QueueProperties properties;
    private final MeterRegistry meters;

    @GuardedBy("lock")
    private final WaitingRoom room;

    @GuardedBy("lock")
    private final DrainRate drain = new DrainRate();

    /** One for each that waits. */
    @GuardedBy("lock")
    private final Map<Ticket, Waiter> waiters = new IdentityHashMap<>();

    @GuardedBy("lock")
    private long refusedAtNanos = System.nanoTime() - RAISE_LIMIT_AFTER.toNanos();

    DispatchQueue(QueueProperties properties, MeterRegistry meters) {
        this.properties = properties;
        this.meters = meters;
        this.room = new WaitingRoom(properties.maxInFlight(), properties.maxWaiting());
        for (var reason : Shed.values()) {
            meters.counter(SHED, "reason", reason.name().toLowerCase(Locale.ROOT));
        }
        meters.counter(REFUSED);
        gauge(
                "seedbed.generation.queue.waiting",
                "Generations that wait for a place at the engine",
                WaitingRoom::waiting);
        gauge(
                "seedbed.generation.queue.in_flight",
                "Generations that hold a place at the engine",
                WaitingRoom::inFlight);
        gauge("seedbed.generation.queue.limit", "Places that may be taken now", WaitingRoom::limit);
    }

    private void gauge(String name, String description, ToIntFunction<WaitingRoom> value) {
        Gauge.builder(name, () -> {
                    lock.lock();
                    try {
                        return value.applyAsInt(room);
                    } finally {
                        lock.unlock();
                    }
                })
                .description(description)
                .register(meters);
    }

    /** What the one that waits does at least each second; may throw to end the waiting. */
    @FunctionalInterface
    public interface WhileWaiting {
        void lookRound();
    }

    private static final class Waiter {
        private final Condition changed;
        private boolean granted;
        private boolean shed;

        Waiter(Condition changed) {
            this.changed = changed;
        }
    }

    /**
     * Waits for a place.
     *
     * @param deadlineNanos of the request, on {@link System#nanoTime}
     * @throws SeedbedException OVERLOADED with the time after which to try again: shed, or waited too long; DEADLINE_EXCEEDED
     */
    public Place take(TenantId tenant, Share share, long deadlineNanos, WhileWaiting whileWaiting)
            throws InterruptedException {
        lock.lock();
        try {
            var ticket = room.arrive(tenant, share);
            var place = new Place(ticket, deadlineNanos);
            waitFor(place, whileWaiting);
            return place;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void waitFor(Place place, WhileWaiting whileWaiting) throws InterruptedException {
        var waiter = new Waiter(lock.newCondition());
        place.waitsSinceNanos = System.nanoTime();
        waiters.put(place.ticket, waiter);
        try {
            grant();
            room.shed().ifPresent(this::shed);
            while (!waiter.granted) {
                requireStillWaiting(place, waiter);
                waiter.changed.awaitNanos(LOOK_ROUND.toNanos());
                if (!waiter.granted && !waiter.shed) {
                    withoutLock(whileWaiting);
                }
                grant();
            }
        } catch (RuntimeException | InterruptedException e) {
            if (waiter.granted) {
                room.finished(place.ticket);
                grant();
            } else {
                room.leave(place.ticket);
            }
            throw e;
        } finally {
            waiters.remove(place.ticket);
            var waitedNanos = System.nanoTime() - place.waitsSinceNanos;
            place.waitedNanos += waitedNanos;
            Timer.builder("seedbed.generation.queue.wait")
                    .serviceLevelObjectives(MetricBuckets.first())
                    .register(meters)
                    .record(Duration.ofNanos(waitedNanos));
        }
    }

    @GuardedBy("lock")
    private void withoutLock(WhileWaiting whileWaiting) {
        lock.unlock();
        try {
            whileWaiting.lookRound();
        } finally {
            lock.lock();
        }
    }

    @GuardedBy("lock")
    private void requireStillWaiting(Place place, Waiter waiter) {
        var now = System.nanoTime();
        if (waiter.shed) {
            throw overloaded(
                    Shed.FULL, "too many generations wait (limit: %d)".formatted(properties.maxWaiting()), now);
        }
        if (now - place.deadlineNanos >= 0) {
            count(Shed.DEADLINE);
            throw new SeedbedException(ErrorCode.DEADLINE_EXCEEDED, "deadline exceeded while waiting for a place");
        }
        if (place.waitedNanos + now - place.waitsSinceNanos
                >= properties.maxWait().toNanos()) {
            throw overloaded(Shed.MAX_WAIT, "no place became free within %s".formatted(properties.maxWait()), now);
        }
    }

    @GuardedBy("lock")
    private SeedbedException overloaded(Shed reason, String message, long nowNanos) {
        count(reason);
        return new SeedbedException(ErrorCode.OVERLOADED, message)
                .retryAfter(drain.retryAfter(nowNanos, room.waiting()));
    }

    private void count(Shed reason) {
        meters.counter(SHED, "reason", reason.name().toLowerCase(Locale.ROOT)).increment();
    }

    @GuardedBy("lock")
    private void shed(Ticket ticket) {
        var waiter = waiters.get(ticket);
        if (waiter != null) {
            waiter.shed = true;
            waiter.changed.signal();
        }
    }

    @GuardedBy("lock")
    private void grant() {
        var now = System.nanoTime();
        var sinceRefusal = now - refusedAtNanos;
        if (sinceRefusal < PAUSE_AFTER_REFUSAL.toNanos()) {
            return;
        }
        if (sinceRefusal >= RAISE_LIMIT_AFTER.toNanos() && room.limit() < properties.maxInFlight()) {
            refusedAtNanos = now - PAUSE_AFTER_REFUSAL.toNanos();
            room.raiseLimit();
        }
        for (var ticket : room.grant()) {
            var waiter = waiters.get(ticket);
            if (waiter == null) {
                throw new IllegalStateException("a place was granted to nobody");
            }
            waiter.granted = true;
            waiter.changed.signal();
        }
    }

    /** A place at the engine; used by one thread, closed once. */
    public final class Place implements AutoCloseable {

        private final Ticket ticket;
        private final long deadlineNanos;
        private boolean held = true;
        private long waitsSinceNanos;

        /** In all; the time that a place was held does not count. */
        private long waitedNanos;

        private Place(Ticket ticket, long deadlineNanos) {
            this.ticket = ticket;
            this.deadlineNanos = deadlineNanos;
        }

        /** The engine had no room after all: gives the place back, waits as before, and takes another. */
        public void refused(WhileWaiting whileWaiting) throws InterruptedException {
            lock.lock();
            try {
                held = false;
                room.refused(ticket);
                refusedAtNanos = System.nanoTime();
                meters.counter(REFUSED).increment();
                waitFor(this, whileWaiting);
                held = true;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            if (!held) {
                return;
            }
            held = false;
            lock.lock();
            try {
                room.finished(ticket);
                drain.completed(System.nanoTime(), room.waiting() > 0);
                grant();
            } finally {
                lock.unlock();
            }
        }
    }
}
