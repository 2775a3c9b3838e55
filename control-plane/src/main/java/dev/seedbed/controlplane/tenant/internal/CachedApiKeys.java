package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.internal.StoredKey.Verdict;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Answers from memory while {@link Freshness} allows it and the key is good, and asks the database otherwise. A change is followed
 * by every replica within {@code seedbed.api-key-cache.trust}, usually within milliseconds.
 */
@Component
final class CachedApiKeys implements ApiKeys {

    private final Freshness freshness;
    private final ChangeChannel channel;
    private final KeyCache cache;
    private final KeyReader reader;
    private final ApiKeyHmac hmac;
    private final LastUse lastUse;

    CachedApiKeys(
            ApiKeyCacheProperties properties,
            ChangeChannel channel,
            KeyCache cache,
            KeyReader reader,
            ApiKeyHmac hmac,
            LastUse lastUse) {
        this.freshness = properties.freshness();
        this.channel = channel;
        this.cache = cache;
        this.reader = reader;
        this.hmac = hmac;
        this.lastUse = lastUse;
    }

    @Override
    public Caller authenticate(@Nullable String authorization) {
        ApiKeyText key = AuthorizationHeader.read(authorization);
        Caller caller = caller(key.id(), hmac.of(key));
        lastUse.note(key.id());
        return caller;
    }

    private Caller caller(ApiKeyId id, byte[] shown) {
        long now = System.nanoTime();
        // Before the cache: what was committed before this proof is forgotten there.
        Long provenAt = channel.provenAt();
        StoredKey remembered = cache.find(id);
        if (remembered == null || remembered.judge(shown, now) != Verdict.GOOD) {
            return judged(id, reader.read(id), shown);
        }
        return switch (freshness.source(now, provenAt, remembered.readAt())) {
            case CACHE -> remembered.caller();
            case DATABASE -> judged(id, reader.read(id), shown);
            case DATABASE_ELSE_CACHE -> {
                Optional<StoredKey> read;
                try {
                    read = reader.tryToRead(id);
                } catch (TimeoutException e) {
                    yield remembered.caller();
                }
                yield judged(id, read, shown);
            }
        };
    }

    private static Caller judged(ApiKeyId id, Optional<StoredKey> found, byte[] shown) {
        StoredKey key = found.orElseThrow(CachedApiKeys::wrongOrUnknown);
        return switch (key.judge(shown, key.readAt())) {
            case GOOD -> key.caller();
            case WRONG_SECRET -> throw wrongOrUnknown();
            case REVOKED -> throw new SeedbedException(ErrorCode.INVALID_API_KEY, "API key is revoked: " + id);
            case EXPIRED -> throw new SeedbedException(ErrorCode.INVALID_API_KEY, "API key is expired: " + id);
            case TENANT_SUSPENDED -> throw new SeedbedException(ErrorCode.PERMISSION_DENIED, "tenant is suspended");
        };
    }

    private static SeedbedException wrongOrUnknown() {
        return new SeedbedException(ErrorCode.INVALID_API_KEY, "API key is wrong or unknown");
    }
}
