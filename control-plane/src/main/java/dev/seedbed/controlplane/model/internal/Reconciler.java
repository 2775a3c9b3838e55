package dev.seedbed.controlplane.model.internal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Makes the engine follow the catalogue, and publishes what serves. Runs periodically and after each command, so that an engine
 * that was restarted gets its wanted versions back. Any number of replicas may do so side by side: loading twice is loading once.
 *
 * <p>{@code refreshing} orders refreshes; a version's own lock orders what is asked of the engine about it. The engine's answer to
 * a load is never waited for under {@code refreshing}.
 */
@Component
class Reconciler implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Reconciler.class);
    /** How long the engine's last word stands when it does not answer. */
    private static final Duration LAST_WORD_STANDS = Duration.ofSeconds(10);

    private final StoredCatalogue catalogue;
    private final EngineWire engine;
    private final ServingModels serving;
    private final Duration period;

    private final Refusals refusals = new Refusals();
    private final Map<String, ReentrantLock> versionLocks = new ConcurrentHashMap<>();
    private final ReentrantLock refreshing = new ReentrantLock();

    @GuardedBy("refreshing")
    private EngineView lastWord = EngineView.UNHEARD;

    @GuardedBy("refreshing")
    private long lastWordNanos;

    @GuardedBy("refreshing")
    private boolean answering = true;

    private volatile Optional<ScheduledExecutorService> timer = Optional.empty();

    Reconciler(
            StoredCatalogue catalogue,
            EngineWire engine,
            ServingModels serving,
            @Value("${seedbed.model.refresh-period:2s}") Duration period) {
        this.catalogue = catalogue;
        this.engine = engine;
        this.serving = serving;
        this.period = period;
    }

    /** Asks the engine and waits for its answer. */
    EngineOutcome drive(String name, WantedState wanted) {
        ReentrantLock lock = lockOf(name);
        lock.lock();
        EngineOutcome outcome;
        try {
            outcome = ask(name, wanted);
        } finally {
            lock.unlock();
        }
        refresh();
        return outcome;
    }

    /** Publishes the catalogue and the engine's state as they are now, and starts what is needed to bring them together. */
    void refresh() {
        refreshing.lock();
        try {
            Catalogue stored = catalogue.read();
            EngineView view = hear();
            serving.publish(new ServingModels.Snapshot(stored, view));
            if (answering) {
                long now = System.nanoTime();
                Reconciliation plan = Reconciliation.of(stored, view, name -> refusals.mayRetry(name, now));
                plan.load().forEach(name -> driveAside(name, WantedState.LOADED));
                plan.unload().forEach(name -> driveAside(name, WantedState.UNLOADED));
            }
        } finally {
            refreshing.unlock();
        }
    }

    /** Why the last load of a version was refused. */
    Optional<String> refusal(String name) {
        return refusals.reason(name);
    }

    @GuardedBy("refreshing")
    private EngineView hear() {
        try {
            lastWord = EngineView.of(engine.list());
            lastWordNanos = System.nanoTime();
            if (!answering) {
                answering = true;
                // Perhaps another engine, perhaps mended: what was refused is worth another try.
                refusals.forgetAll();
                log.info("inference adapter answers again");
            }
        } catch (StatusRuntimeException e) {
            if (answering) {
                log.warn("inference adapter does not answer: {}", e.getMessage());
            }
            answering = false;
            if (System.nanoTime() - lastWordNanos > LAST_WORD_STANDS.toNanos()) {
                lastWord = EngineView.UNHEARD;
            }
        }
        return lastWord;
    }

    private void driveAside(String name, WantedState wanted) {
        Thread.startVirtualThread(() -> {
            ReentrantLock lock = lockOf(name);
            if (!lock.tryLock()) {
                return;
            }
            try {
                // The plan is older than the lock: an operator's command may have come between, and been carried out.
                if (isStillWanted(name, wanted)) {
                    ask(name, wanted);
                }
            } catch (RuntimeException e) {
                catalogueNotRead(e);
            } finally {
                lock.unlock();
            }
            refreshQuietly();
        });
    }

    private boolean isStillWanted(String name, WantedState wanted) {
        return catalogue.read().version(name).stream().anyMatch(version -> version.wanted() == wanted);
    }

    private EngineOutcome ask(String name, WantedState wanted) {
        EngineOutcome outcome = wanted == WantedState.LOADED ? engine.load(name) : engine.unload(name);
        switch (outcome) {
            case EngineOutcome.Done done -> {
                refusals.forget(name);
                log.info("model version {}: {}", wanted == WantedState.LOADED ? "loaded" : "unloaded", name);
            }
            case EngineOutcome.Refused refused -> {
                refusals.note(name, refused.reason(), System.nanoTime());
                log.warn("model version refused: {}: {}", name, refused.reason());
            }
            case EngineOutcome.Away away -> log.warn("model version not {}: {}: {}", wanted, name, away.reason());
        }
        return outcome;
    }

    private ReentrantLock lockOf(String name) {
        return versionLocks.computeIfAbsent(name, n -> new ReentrantLock());
    }

    private void refreshQuietly() {
        try {
            refresh();
        } catch (RuntimeException e) {
            catalogueNotRead(e);
        }
    }

    /** The database is away; what was published stands until it is back. */
    private static void catalogueNotRead(RuntimeException failure) {
        log.warn("model catalogue not read: {}", failure.getMessage());
    }

    @Override
    public void start() {
        ScheduledExecutorService started = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("model-reconciler").factory());
        timer = Optional.of(started);
        refreshQuietly();
        started.scheduleWithFixedDelay(
                this::refreshQuietly, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void stop() {
        timer.ifPresent(ScheduledExecutorService::shutdownNow);
        timer = Optional.empty();
    }

    @Override
    public boolean isRunning() {
        return timer.isPresent();
    }

    /** Before the servers: the first request already finds the catalogue. */
    @Override
    public int getPhase() {
        return 0;
    }
}
