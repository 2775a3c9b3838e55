package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.quota.lease.LeasedRequest;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.lease.Taken;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** What one replica knows of its leased requests, as the control plane's replicas do; a crash forgets all of it. */
final class LeasingReplica {

    /** What a flush writes, in one transaction. */
    interface Writing {
        Leases.Written write(Leases.Round round, Map<RequestId, Amounts> workSoFar, Map<RequestId, Amounts> ended);
    }

    /** @param recorded that have a reservation now @param lost that may not go on */
    record Flushed(Set<RequestId> recorded, Set<RequestId> lost) {}

    private final Leases leases;
    private final Caller caller;
    private final Map<RequestId, LeasedRequest> requests = new HashMap<>();
    private final Map<RequestId, Amounts> ended = new HashMap<>();
    private double seconds;

    LeasingReplica(Function<LongSupplier, Leases> leases, Caller caller) {
        this.leases = leases.apply(this::nanos);
        this.caller = caller;
    }

    private long nanos() {
        return Math.round(seconds * Duration.ofSeconds(1).toNanos());
    }

    Leases leases() {
        return leases;
    }

    /** Sets its clock. */
    void at(double now) {
        seconds = now;
    }

    boolean take(RequestId id, Amounts wanted) {
        var request = leases.take(id, caller, wanted);
        if (request == null) {
            return false;
        }
        requests.put(id, request);
        return true;
    }

    /** On its clock. */
    double renewedAt() {
        return leases.offer(caller).orElseThrow().renewedAtNanos()
                / (double) Duration.ofSeconds(1).toNanos();
    }

    boolean takeMore(RequestId id, Amounts more) {
        return leases.takeMore(Objects.requireNonNull(requests.get(id)), more);
    }

    void end(RequestId id, Amounts cumulative) {
        ended.put(id, cumulative);
        leases.end(Objects.requireNonNull(requests.get(id)), cumulative);
    }

    Flushed flush(Map<RequestId, Amounts> workSoFar, Flush why, Writing writing) {
        var round = leases.begin(why);
        var endedBefore = new HashMap<RequestId, Amounts>();
        ended.forEach((id, cumulative) -> {
            if (Objects.requireNonNull(requests.get(id)).isRecorded()) {
                endedBefore.put(id, cumulative);
            }
        });
        var written = writing.write(round, workSoFar, endedBefore);
        leases.written(round, written);
        endedBefore.keySet().forEach(this::forget);
        round.requests().stream()
                .filter(Taken::ended)
                .map(Taken::id)
                .filter(written.made()::contains)
                .forEach(this::forget);
        var recorded = new HashSet<>(written.made());
        recorded.addAll(written.there());
        return new Flushed(recorded, written.lost());
    }

    private void forget(RequestId id) {
        requests.remove(id);
        ended.remove(id);
    }
}
