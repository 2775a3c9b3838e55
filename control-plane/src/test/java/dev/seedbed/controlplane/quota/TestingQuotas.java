package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.quota.internal.BudgetSql;
import dev.seedbed.controlplane.quota.internal.LimitSql;
import dev.seedbed.controlplane.quota.internal.ReservationLocks;
import dev.seedbed.controlplane.quota.internal.ReservationSql;
import dev.seedbed.controlplane.quota.internal.Settlements;
import dev.seedbed.controlplane.quota.lease.Leases;
import dev.seedbed.controlplane.quota.plan.LimitChange;
import org.springframework.context.ApplicationContext;

/** The quotas of one of several replicas in a test. */
public final class TestingQuotas {

    private TestingQuotas() {}

    /** Its calls must be made within a transaction. */
    public static Quotas of(ApplicationContext database, Leases leases) {
        return new Quotas(
                database.getBean(Pipelines.class),
                database.getBean(BudgetSql.class),
                database.getBean(LimitSql.class),
                database.getBean(ReservationLocks.class),
                database.getBean(ReservationSql.class),
                database.getBean(Settlements.class),
                leases,
                database.getBean(LimitChange.class),
                database.getBean(QuotaProperties.class));
    }
}
