package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.lease.Flush;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a history moves: budgets, reservations and the ledger, in memory or in PostgreSQL. Requests have small numbers. */
interface Books {

    /** One budget, whether its window is still open or not. */
    record Counter(Subject subject, Limit.Key key, int window, long posted, long reserved, long leased) {}

    /** Whether it was admitted. */
    boolean reserve(int request, int replica, Amounts wanted);

    /** Whether there was room and the reservation was pending. */
    boolean extend(int request, int replica, Amounts more);

    /** State of each afterwards. */
    Map<Integer, ReservationState> checkpoint(int replica, Map<Integer, Amounts> cumulative);

    ReservationState settle(int request, int replica, Amounts cumulative);

    /** Whether a replica admitted it without asking. */
    boolean take(int request, int replica, Amounts wanted);

    /** When what it can take was last renewed, on its clock, in seconds. */
    double renewedAt(int replica);

    /** Whether there was more of it. */
    boolean takeMore(int request, int replica, Amounts more);

    /** Of a request that was taken: told to nobody before the next flush. */
    void end(int request, int replica, Amounts cumulative);

    /** What a flush has written, and what it has found lost. */
    record Flushed(Set<Integer> recorded, Set<Integer> lost) {}

    Flushed flush(int replica, Map<Integer, Amounts> workSoFar, Flush why);

    /** Sets a replica's clock, in seconds. */
    void clock(int replica, double seconds);

    void sweep();

    /** On the database's clock. */
    void advance(Duration time);

    /** Ends the present day. */
    void turnDay();

    void setLimit(Subject subject, Limit limit);

    /** By subject, unit, window and then time. */
    List<Counter> counters();

    /** What the ledger charged for a request. */
    Amounts charged(int request);

    /** What the ledger says was lost of it. */
    Amounts lost(int request);
}
