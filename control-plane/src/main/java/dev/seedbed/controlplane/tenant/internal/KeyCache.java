package dev.seedbed.controlplane.tenant.internal;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The keys that this replica remembers: at most so many, HMACs and never secrets. Nothing that was read before a change is
 * remembered after it: a reading names the {@link #epoch} in which it began, and every change begins a new one.
 */
@Component
class KeyCache {

    private final Cache<String, StoredKey> keys;
    private final Object changes = new Object();

    @GuardedBy("changes")
    private long epoch;

    @Autowired
    KeyCache(ApiKeyCacheProperties properties) {
        this(properties.size());
    }

    KeyCache(int size) {
        this.keys = Caffeine.newBuilder().maximumSize(size).build();
    }

    @Nullable
    StoredKey find(ApiKeyId id) {
        return keys.getIfPresent(id.value());
    }

    long epoch() {
        synchronized (changes) {
            return epoch;
        }
    }

    /** @param readInEpoch {@link #epoch} before the reading began */
    void keep(StoredKey key, long readInEpoch) {
        synchronized (changes) {
            if (epoch == readInEpoch) {
                keys.put(key.caller().apiKeyId().value(), key);
            }
        }
    }

    void forget(KeyChange change) {
        synchronized (changes) {
            epoch++;
            if (change.kind() == KeyChange.Kind.KEY) {
                keys.invalidate(change.id());
            } else {
                keys.asMap().values().removeIf(key -> change.concerns(key.caller()));
            }
        }
    }

    void forgetAll() {
        synchronized (changes) {
            epoch++;
            keys.invalidateAll();
        }
    }

    /** So that the replica that made a change follows it at once; the others are told by the channel. */
    void forgetAfterCommit(KeyChange change) {
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                forget(change);
            }
        });
    }
}
