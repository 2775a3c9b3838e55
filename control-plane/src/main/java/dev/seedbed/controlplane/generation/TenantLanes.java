package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.tenant.TenantId;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Bounds how many of a tenant's transactions wait for one another's locks at a time: the others wait here, where they hold no
 * connection of the pool, and other tenants find one. Tenants that share a lane wait for each other without need, rarely.
 */
final class TenantLanes {

    private static final int LANES = 256;
    private static final int WIDTH = 3;

    private final Semaphore[] lanes =
            Stream.generate(() -> new Semaphore(WIDTH, true)).limit(LANES).toArray(Semaphore[]::new);

    <T> T in(TenantId tenant, Supplier<T> step) {
        var lane = lanes[Math.floorMod(tenant.hashCode(), LANES)];
        lane.acquireUninterruptibly();
        try {
            return step.get();
        } finally {
            lane.release();
        }
    }
}
