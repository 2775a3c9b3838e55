package dev.seedbed.controlplane.quota;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.seedbed.controlplane.quota.bounds.BoundsSql;
import dev.seedbed.controlplane.tenant.Caller;
import java.time.Duration;
import java.util.List;
import org.springframework.stereotype.Service;

/** The bounds that hold for callers. Remembered for half a second, so that a busy caller costs two readings in each. */
@Service
public class CallerBounds {

    private static final Duration REMEMBERED = Duration.ofMillis(500);
    private static final int MOST_REMEMBERED = 10_000;

    private final BoundsSql sql;
    private final Cache<List<Subject>, List<BoundInForce>> remembered = Caffeine.newBuilder()
            .maximumSize(MOST_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();

    CallerBounds(BoundsSql sql) {
        this.sql = sql;
    }

    /** Those of key, project and tenant, which hold all at once. */
    public List<BoundInForce> of(Caller caller) {
        return remembered.get(Subject.of(caller), sql::of);
    }
}
