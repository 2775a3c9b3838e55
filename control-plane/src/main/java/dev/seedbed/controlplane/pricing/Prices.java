package dev.seedbed.controlplane.pricing;

import dev.seedbed.controlplane.pricing.internal.PriceListSql;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.Optional;
import org.springframework.stereotype.Service;

/** By which prices a tenant pays; the entry point of this feature for the request path. */
@Service
public class Prices {

    private final PriceListSql lists;

    Prices(PriceListSql lists) {
        this.lists = lists;
    }

    /** The newest version of the tenant's own list, else of the default one; empty: the tenant pays nothing. */
    public Optional<PriceList> of(TenantId tenant) {
        return lists.of(tenant);
    }
}
