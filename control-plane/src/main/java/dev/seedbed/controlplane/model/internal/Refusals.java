package dev.seedbed.controlplane.model.internal;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Why loads were refused, and when each is tried again by itself. Thread-safe. */
final class Refusals {

    private static final Duration FIRST_WAIT = Duration.ofSeconds(5);
    private static final int MAX_DOUBLINGS = 6;

    private final Map<String, Refusal> byName = new ConcurrentHashMap<>();

    private record Refusal(String reason, int count, long retryAtNanos) {}

    void note(String name, String reason, long nowNanos) {
        byName.compute(name, (n, before) -> {
            int count = before == null ? 0 : before.count() + 1;
            long wait = FIRST_WAIT.toNanos() << Math.min(count, MAX_DOUBLINGS);
            return new Refusal(reason, count, nowNanos + wait);
        });
    }

    void forget(String name) {
        byName.remove(name);
    }

    void forgetAll() {
        byName.clear();
    }

    boolean mayRetry(String name, long nowNanos) {
        Refusal refusal = byName.get(name);
        return refusal == null || nowNanos - refusal.retryAtNanos() >= 0;
    }

    Optional<String> reason(String name) {
        return Optional.ofNullable(byName.get(name)).map(Refusal::reason);
    }
}
