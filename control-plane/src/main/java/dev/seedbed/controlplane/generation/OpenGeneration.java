package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An admitted generation of this replica. Its relay writes the work, the heartbeat reads it, renews the reservation and may tell
 * the relay to stop.
 */
final class OpenGeneration {

    private final RequestId id;
    private final TenantId tenantId;
    private final @Nullable PriceList prices;
    private final long leaseNanos;
    private volatile Work work = Work.NONE;
    private volatile long renewedAtNanos;
    private volatile @Nullable String stopReason;

    /**
     * @param lease how long the relay may go on after the start of the last successful renewal: half the reservation's TTL
     * @param renewedAtNanos {@link System#nanoTime} before the reservation was made
     */
    OpenGeneration(RequestId id, TenantId tenantId, @Nullable PriceList prices, Duration lease, long renewedAtNanos) {
        this.id = id;
        this.tenantId = tenantId;
        this.prices = prices;
        this.leaseNanos = lease.toNanos();
        this.renewedAtNanos = renewedAtNanos;
    }

    RequestId id() {
        return id;
    }

    TenantId tenantId() {
        return tenantId;
    }

    /** Cumulative over all dispatches. */
    Work work() {
        return work;
    }

    /** By the prices of its admission. */
    Bill bill() {
        return new Bill(work, prices);
    }

    @Nullable
    PriceList prices() {
        return prices;
    }

    void report(Work cumulative) {
        work = cumulative;
    }

    void renewed(long beforeNanos) {
        renewedAtNanos = beforeNanos;
    }

    boolean isRenewedSince(long nanos) {
        return renewedAtNanos - nanos >= 0;
    }

    void stop(String reason) {
        stopReason = reason;
    }

    /** @throws SeedbedException this replica may not spend for the generation any more */
    void requireHeld() {
        var reason = stopReason;
        if (reason == null && System.nanoTime() - renewedAtNanos > leaseNanos) {
            reason = "the reservation could not be renewed in time";
        }
        if (reason != null) {
            throw new SeedbedException(ErrorCode.OVERLOADED, "generation stopped: " + reason);
        }
    }
}
