package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.tenant.Caller;
import java.util.List;
import org.springframework.stereotype.Component;

/** The limits that hold for a caller, as they stand now. */
@Component
public class CallerLimits {

    private final Quotas quotas;

    CallerLimits(Quotas quotas) {
        this.quotas = quotas;
    }

    public List<RateLimit> of(Caller caller) {
        return RateLimit.of(quotas.budgets(caller));
    }
}
