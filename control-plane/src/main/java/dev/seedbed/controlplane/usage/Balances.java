package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.usage.internal.BalanceSql;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * Proves that the budgets' amounts are those of ledger and reservations. The gauge {@code seedbed.ledger.drift} is the sum of
 * all differences at the last comparison and must read 0.
 */
@Service
public class Balances {

    private static final Logger log = LoggerFactory.getLogger(Balances.class);

    private final BalanceSql balances;
    private final AtomicLong drift;

    Balances(BalanceSql balances, MeterRegistry meters) {
        this.balances = balances;
        this.drift = meters.gauge("seedbed.ledger.drift", new AtomicLong());
    }

    /** Compares now. */
    @Scheduled(
            initialDelayString = "${seedbed.usage.drift-interval:10m}",
            fixedDelayString = "${seedbed.usage.drift-interval:10m}")
    public long drift() {
        var measured = balances.drift();
        drift.set(measured);
        if (measured != 0) {
            log.error("budgets differ from the ledger: {} units in sum (expected: 0)", measured);
        }
        return measured;
    }

    /** Replaces the budgets' amounts by those of ledger and pending reservations; admission waits meanwhile. */
    @Transactional
    public void rebuild() {
        balances.lockAll();
        balances.rebuild();
        drift.set(0);
    }
}
