package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** The leasing half of replicas, wherever their leases are kept. */
abstract class LeasingBooks implements Books {

    private final Map<Integer, LeasingReplica> replicas = new HashMap<>();
    private final Caller caller;

    LeasingBooks(Caller caller) {
        this.caller = caller;
    }

    abstract RequestId id(int request);

    abstract int request(RequestId id);

    /** Of one replica. */
    abstract Leases leases(LongSupplier clock);

    /** Writes a flush of the replica's leases, after what stood in others' way was recalled. */
    abstract LeasingReplica.Writing writing(Leases leases, int replica);

    final LeasingReplica replica(int replica) {
        return replicas.computeIfAbsent(replica, n -> new LeasingReplica(this::leases, caller));
    }

    @Override
    public final boolean take(int request, int replica, Amounts wanted) {
        return replica(replica).take(id(request), wanted);
    }

    @Override
    public final double renewedAt(int replica) {
        return replica(replica).renewedAt();
    }

    @Override
    public final boolean takeMore(int request, int replica, Amounts more) {
        return replica(replica).takeMore(id(request), more);
    }

    @Override
    public final void end(int request, int replica, Amounts cumulative) {
        replica(replica).end(id(request), cumulative);
    }

    @Override
    public final Flushed flush(int replica, Map<Integer, Amounts> workSoFar, Flush why) {
        var work = new HashMap<RequestId, Amounts>();
        workSoFar.forEach((request, done) -> work.put(id(request), done));
        var one = replica(replica);
        var flushed = one.flush(work, why, writing(one.leases(), replica));
        return new Flushed(requests(flushed.recorded()), requests(flushed.lost()));
    }

    private Set<Integer> requests(Set<RequestId> ids) {
        return ids.stream().map(this::request).collect(Collectors.toSet());
    }

    @Override
    public final void clock(int replica, double seconds) {
        replica(replica).at(seconds);
    }
}
