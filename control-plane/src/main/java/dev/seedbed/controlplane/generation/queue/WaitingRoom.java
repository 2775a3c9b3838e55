package dev.seedbed.controlplane.generation.queue;

import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who of those that wait gets a place, and who is shed when too many wait. Knows neither threads nor clocks; used by one thread at
 * a time.
 *
 * <p>Larger priorities first, then the tenant that has least in flight for its weight, then arrival. Every
 * {@value #TURN_OF_THE_OLDEST}th place goes to whoever arrived first instead: one that arrived behind {@code n} others gets one of the
 * next {@code (n + 1) * TURN_OF_THE_OLDEST} places, whoever keeps arriving with a larger priority.
 *
 * <p>Invariant: places taken never exceed {@link #limit()}, but where a refusal lowered it while they were held; those that wait
 * never exceed {@code maxWaiting} after {@link #shed}.
 */
final class WaitingRoom {

    static final int TURN_OF_THE_OLDEST = 16;

    private static final Comparator<Ticket> BY_ARRIVAL = Comparator.comparingLong(ticket -> ticket.arrival);
    private static final Comparator<Ticket> LARGER_PRIORITY_FIRST =
            Comparator.comparingInt((Ticket ticket) -> ticket.share.priority()).reversed();

    private final int maxInFlight;
    private final int maxWaiting;
    private final Set<Ticket> waiting = new LinkedHashSet<>();
    private final Map<TenantId, Integer> inFlightOf = new HashMap<>();
    private int inFlight;
    private int limit;
    private int placesSinceTheOldest;
    private long arrivals;

    WaitingRoom(int maxInFlight, int maxWaiting) {
        this.maxInFlight = maxInFlight;
        this.maxWaiting = maxWaiting;
        this.limit = maxInFlight;
    }

    /** One that wants a place; known by identity. It keeps its number when it is refused by the engine and waits again. */
    static final class Ticket {

        private final TenantId tenant;
        private final Share share;
        private final long arrival;

        private Ticket(TenantId tenant, Share share, long arrival) {
            this.tenant = tenant;
            this.share = share;
            this.arrival = arrival;
        }
    }

    Ticket arrive(TenantId tenant, Share share) {
        var ticket = new Ticket(tenant, share, arrivals++);
        waiting.add(ticket);
        return ticket;
    }

    /** Those that get a place now, in order. */
    List<Ticket> grant() {
        var granted = new ArrayList<Ticket>();
        while (inFlight < limit && !waiting.isEmpty()) {
            granted.add(grantOne());
        }
        return granted;
    }

    /** To be called after {@link #grant}. @return the newest of the smallest priority, when too many wait: it waits no more */
    Optional<Ticket> shed() {
        if (waiting.size() <= maxWaiting) {
            return Optional.empty();
        }
        var leastWanted = waiting.stream().max(LARGER_PRIORITY_FIRST.thenComparing(BY_ARRIVAL));
        leastWanted.ifPresent(waiting::remove);
        return leastWanted;
    }

    /** One that waits gives up. */
    void leave(Ticket ticket) {
        waiting.remove(ticket);
    }

    /** One gives its place back. */
    void finished(Ticket ticket) {
        vacate(ticket);
        raiseLimit();
    }

    /** The engine had no place for one that had been given one here: it waits again, and fewer are sent for a while. */
    void refused(Ticket ticket) {
        vacate(ticket);
        waiting.add(ticket);
        limit = Math.max(1, inFlight);
    }

    /** The engine may have room for one more, up to the bound of this replica. */
    void raiseLimit() {
        limit = Math.min(maxInFlight, limit + 1);
    }

    int waiting() {
        return waiting.size();
    }

    int inFlight() {
        return inFlight;
    }

    /** Places that may be taken now. */
    int limit() {
        return limit;
    }

    private Ticket grantOne() {
        var oldest = waiting.stream().min(BY_ARRIVAL).orElseThrow();
        var next = placesSinceTheOldest >= TURN_OF_THE_OLDEST - 1
                ? oldest
                : waiting.stream()
                        .min(LARGER_PRIORITY_FIRST
                                .thenComparingDouble(this::inFlightForItsWeight)
                                .thenComparing(BY_ARRIVAL))
                        .orElseThrow();
        placesSinceTheOldest = next == oldest ? 0 : placesSinceTheOldest + 1;
        waiting.remove(next);
        inFlight++;
        inFlightOf.merge(next.tenant, 1, Integer::sum);
        return next;
    }

    private double inFlightForItsWeight(Ticket ticket) {
        return inFlightOf.getOrDefault(ticket.tenant, 0) / (double) ticket.share.weight();
    }

    private void vacate(Ticket ticket) {
        inFlight--;
        inFlightOf.computeIfPresent(ticket.tenant, (tenant, held) -> held == 1 ? null : held - 1);
    }
}
