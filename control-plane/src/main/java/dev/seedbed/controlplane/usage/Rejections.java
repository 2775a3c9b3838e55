package dev.seedbed.controlplane.usage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.controlplane.usage.internal.RejectionSql;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Service;

/**
 * Counts every rejection, keeps a sample of them, and writes that behind the requests, many in one statement. The counter {@code
 * seedbed.rejections} counts all, by {@code outcome}: kept or sampled away; {@code seedbed.rejections.lost} those of the kept ones
 * that could not be written.
 */
@Service
public class Rejections {

    private static final Logger log = LoggerFactory.getLogger(Rejections.class);

    /** Kept ones that may wait for the database. */
    private static final int MOST_WAITING = 1_000;

    private final RejectionSql rows;
    private final RejectionProperties properties;
    private final MeterRegistry meters;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final RejectionSampler sampler;

    @GuardedBy("lock")
    private List<Rejection> waiting = new ArrayList<>();

    Rejections(RejectionSql rows, RejectionProperties properties, MeterRegistry meters) {
        this.rows = rows;
        this.properties = properties;
        this.meters = meters;
        this.sampler =
                new RejectionSampler(properties.perSecond(), properties.perKeyAndCodePerSecond(), System.nanoTime());
    }

    /** Never waits for the database and never fails. */
    public void note(Rejection rejection) {
        var outcome = keep(rejection) ? "kept" : "sampled_away";
        meters.counter("seedbed.rejections", "code", rejection.code(), "outcome", outcome)
                .increment();
    }

    private boolean keep(Rejection rejection) {
        lock.lock();
        try {
            var keeps = waiting.size() < MOST_WAITING
                    && sampler.keeps(rejection.apiKeyId(), rejection.code(), System.nanoTime());
            if (keeps) {
                waiting.add(rejection);
            }
            return keeps;
        } finally {
            lock.unlock();
        }
    }

    /** Writes what waits. What the database does not take is dropped, and counted. */
    @Scheduled(fixedDelayString = "${seedbed.rejections.write-period:1s}")
    @PreDestroy
    public void write() {
        var batch = takeWaiting();
        if (batch.isEmpty()) {
            return;
        }
        try {
            rows.insert(batch);
        } catch (RuntimeException e) {
            log.warn("{} rejections not written: {}", batch.size(), e.toString());
            meters.counter("seedbed.rejections.lost").increment(batch.size());
        }
    }

    private List<Rejection> takeWaiting() {
        lock.lock();
        try {
            var batch = waiting;
            waiting = new ArrayList<>();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** Removes what is too old or too many. Safe in several replicas. */
    @Scheduled(fixedDelayString = "${seedbed.rejections.prune-period:60s}")
    void prune() {
        rows.prune(properties.maxRows(), properties.maxAge());
    }
}
