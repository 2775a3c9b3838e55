package dev.seedbed.controlplane.pricing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.seedbed.controlplane.pricing.internal.PriceListSql;
import dev.seedbed.controlplane.tenant.TenantId;
import java.time.Duration;
import java.util.Optional;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * By which prices a tenant pays; the entry point of this feature for the request path. Answers from memory: a change holds at once in
 * the replica that makes it, and in every other one within a second.
 */
@Service
public class Prices {

    private static final Duration MOST_STALE = Duration.ofSeconds(1);
    private static final int MOST_REMEMBERED = 10_000;

    private final PriceListSql lists;
    private final Cache<TenantId, Optional<PriceList>> remembered = Caffeine.newBuilder()
            .expireAfterWrite(MOST_STALE)
            .maximumSize(MOST_REMEMBERED)
            .build();

    Prices(PriceListSql lists) {
        this.lists = lists;
    }

    /** The newest version of the tenant's own list, else of the default one; empty: the tenant pays nothing. */
    public Optional<PriceList> of(TenantId tenant) {
        return remembered.get(tenant, lists::of);
    }

    /** Prices change with the present transaction. */
    public void forgetAfterCommit() {
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                remembered.invalidateAll();
            }
        });
    }
}
