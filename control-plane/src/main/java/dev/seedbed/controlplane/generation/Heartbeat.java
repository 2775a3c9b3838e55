package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.QuotaProperties;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.usage.Bill;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.HashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Writes what was spent of leases; renews the reservations of all other open generations and posts their work so far, in one transaction each second; expires those of
 * replicas that are gone. On shutdown it goes on through the {@link Drain} and until the servers have stopped.
 */
@Component
class Heartbeat implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);

    /** After the servers refused new requests and waited for open ones, before they close connections. */
    private static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 1536;

    private static final int EXPIRE_AT_MOST = 100;

    /** Beats; well within the time to live after which there is something to find. */
    private static final int EXPIRE_EVERY = 3;

    private final OpenGenerations open;
    private final Accounting accounting;
    private final QuotaProperties properties;
    private volatile @Nullable ScheduledExecutorService beats;

    /** Of the heartbeat's thread. */
    private int count;

    Heartbeat(OpenGenerations open, Accounting accounting, QuotaProperties properties) {
        this.open = open;
        this.accounting = accounting;
        this.properties = properties;
    }

    @Override
    public void start() {
        var executor = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("heartbeat").daemon().factory());
        var every = properties.heartbeat().toMillis();
        executor.scheduleWithFixedDelay(this::beat, every, every, TimeUnit.MILLISECONDS);
        beats = executor;
    }

    private void beat() {
        var beganAtNanos = System.nanoTime();
        step(() -> accounting.flush(Flush.HEARTBEAT));
        step(() -> renew(beganAtNanos));
        if (count++ % EXPIRE_EVERY != 0) {
            return;
        }
        step(() -> {
            var expired = accounting.expireOverdue(EXPIRE_AT_MOST);
            if (expired > 0) {
                log.warn("expired {} reservations and leases of owners that are gone", expired);
            }
        });
    }

    /** A step that fails keeps none of the others; the next beat tries again, and what cannot be renewed in time stops itself. */
    private static void step(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            log.warn("heartbeat failed: {}", e.toString());
        }
    }

    /** Those that the flush of this beat has not renewed, with their work. */
    private void renew(long beganAtNanos) {
        var generations = open.list().stream()
                .filter(generation -> !generation.isRenewedSince(beganAtNanos))
                .toList();
        if (generations.isEmpty()) {
            return;
        }
        var before = System.nanoTime();
        var bills = new HashMap<RequestId, Bill>();
        generations.forEach(generation -> bills.put(generation.id(), generation.bill()));
        var states = accounting.checkpoint(bills);
        for (var generation : generations) {
            // Null: it is leased and not recorded yet. POSTED and VOIDED: settled while this beat was under way.
            var state = states.get(generation.id());
            if (state == ReservationState.EXPIRED) {
                generation.stop("its reservation has expired");
            } else if (state == ReservationState.PENDING) {
                generation.renewed(before);
            }
        }
    }

    @Override
    public void stop() {
        var executor = beats;
        if (executor == null) {
            return;
        }
        try {
            executor.shutdown();
            executor.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdownNow();
        beats = null;
        try {
            accounting.flush(Flush.LAST);
        } catch (RuntimeException e) {
            log.warn(
                    "leases are left to expire, and what was spent of them in the last second is not recorded: {}",
                    e.toString());
        }
    }

    @Override
    public boolean isRunning() {
        return beats != null;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
