package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** Reads keys from the database into the cache. */
@Component
class KeyReader {

    private final StoredKeySql sql;
    private final KeyCache cache;
    private final Duration patience;
    private final Duration grace;
    private final Map<ApiKeyId, Reading> readings = new ConcurrentHashMap<>();

    @Autowired
    KeyReader(StoredKeySql sql, KeyCache cache, ApiKeyCacheProperties properties) {
        this.sql = sql;
        this.cache = cache;
        this.patience = properties.trust();
        this.grace = properties.grace();
    }

    private record Reading(CompletableFuture<Optional<StoredKey>> outcome, long startedAt) {

        boolean isOlderThan(Duration age) {
            return System.nanoTime() - startedAt > age.toNanos();
        }
    }

    /** @throws dev.seedbed.controlplane.wire.SeedbedException OVERLOADED: the database is away */
    Optional<StoredKey> read(ApiKeyId id) {
        try {
            return readNow(id);
        } catch (RuntimeException e) {
            throw DatabaseFailure.mayPass(e) ? DatabaseFailure.of(e) : e;
        }
    }

    /**
     * Reads while there is a remembered key to go on with: waits no longer than {@code seedbed.api-key-cache.trust}, and for one
     * reading of a key at a time unless it hangs, so that a database that hangs holds up few requests and few threads.
     *
     * @throws TimeoutException the database is away or does not answer
     */
    Optional<StoredKey> tryToRead(ApiKeyId id) throws TimeoutException {
        Reading reading = readings.compute(
                id, (key, running) -> running == null || running.isOlderThan(grace) ? begin(key) : running);
        long left = patience.toNanos() - (System.nanoTime() - reading.startedAt());
        try {
            return reading.outcome().get(Math.max(0, left), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TimeoutException("interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause && !DatabaseFailure.mayPass(cause)) {
                throw cause;
            }
            throw new TimeoutException("the database cannot be reached");
        }
    }

    private Reading begin(ApiKeyId id) {
        var outcome = new CompletableFuture<Optional<StoredKey>>();
        Thread.ofVirtual().name("api-key-read").start(() -> {
            try {
                outcome.complete(readNow(id));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            } finally {
                readings.computeIfPresent(id, (key, running) -> running.outcome() == outcome ? null : running);
            }
        });
        return new Reading(outcome, System.nanoTime());
    }

    private Optional<StoredKey> readNow(ApiKeyId id) {
        long epoch = cache.epoch();
        Optional<StoredKey> found = sql.find(id);
        found.ifPresent(key -> cache.keep(key, epoch));
        return found;
    }
}
