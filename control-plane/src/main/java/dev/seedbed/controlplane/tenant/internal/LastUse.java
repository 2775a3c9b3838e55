package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/**
 * When keys were last used. Collected in memory, at most one entry per key, and written every few seconds, so that a request costs
 * no write; a crash forgets the last few seconds.
 */
@Component
class LastUse implements DisposableBean {

    private static final Logger log = LoggerFactory.getLogger(LastUse.class);
    private static final Duration WRITE_PERIOD = Duration.ofSeconds(5);

    private final Map<String, Instant> unwritten = new ConcurrentHashMap<>();
    private final JdbcTemplate jdbc;
    private final InstantSource clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("api-key-last-use").factory());

    LastUse(JdbcTemplate jdbc, InstantSource clock) {
        this.jdbc = jdbc;
        this.clock = clock;
        timer.scheduleWithFixedDelay(
                this::write, WRITE_PERIOD.toMillis(), WRITE_PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    void note(ApiKeyId key) {
        unwritten.put(key.value(), clock.instant());
    }

    void write() {
        List<Map.Entry<String, Instant>> batch = List.copyOf(unwritten.entrySet());
        if (batch.isEmpty()) {
            return;
        }
        try {
            // Ascending keys, so that two replicas lock rows in one order.
            jdbc.batchUpdate(
                    "UPDATE api_key SET last_used_time = greatest(last_used_time, ?) WHERE public_id = ?",
                    batch.stream()
                            .sorted(Map.Entry.comparingByKey())
                            .map(e -> new Object[] {Timestamp.from(e.getValue()), e.getKey()})
                            .toList());
            batch.forEach(e -> unwritten.remove(e.getKey(), e.getValue()));
        } catch (RuntimeException e) {
            // Also because the timer would stop at an exception; the entries wait for the next round.
            log.warn("last use of {} API keys not written yet: {}", batch.size(), e.getMessage());
        }
    }

    @Override
    public void destroy() {
        timer.shutdown();
        write();
    }
}
