package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.inference.InferenceClient;
import dev.seedbed.controlplane.generation.queue.DispatchQueue;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.pricing.Prices;
import dev.seedbed.controlplane.quota.CallerBounds;
import dev.seedbed.controlplane.quota.QuotaProperties;
import dev.seedbed.controlplane.quota.lease.Flush;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Service;

/**
 * Runs generations, for both surfaces, in the calling thread.
 *
 * <p>Durability is strict: the reservation is committed before the engine hears of the request, the settlement before the sink
 * hears of the end.
 */
@Service
public class Generations {

    private static final Logger log = LoggerFactory.getLogger(Generations.class);
    private static final Duration SETTLE_AGAIN_AFTER = Duration.ofMillis(200);

    private final Models models;
    private final Prices prices;
    private final CallerBounds bounds;
    private final InferenceClient inference;
    private final DispatchQueue queue;
    private final Accounting accounting;
    private final OpenGenerations open;
    private final GenerationProperties properties;
    private final GenerationMetrics metrics;
    private final FaultPoints faults;
    private final Duration lease;

    Generations(
            Models models,
            Prices prices,
            CallerBounds bounds,
            InferenceClient inference,
            DispatchQueue queue,
            Accounting accounting,
            OpenGenerations open,
            GenerationProperties properties,
            GenerationMetrics metrics,
            FaultPoints faults,
            QuotaProperties quota) {
        this.models = models;
        this.prices = prices;
        this.bounds = bounds;
        this.inference = inference;
        this.queue = queue;
        this.accounting = accounting;
        this.open = open;
        this.properties = properties;
        this.metrics = metrics;
        this.faults = faults;
        this.lease = quota.reservationTtl().dividedBy(2);
    }

    /**
     * Runs one generation to its end.
     *
     * @param patience until when its client waits; the server's own bound holds too
     * @param first becomes durable together with the reservation, or not at all; what it throws is thrown
     * @throws SeedbedException refused before anything was reserved, or failed later; what was reported until then is settled
     * @throws ClientGoneException the client went away; what was reported until then is settled
     */
    public void generate(
            Caller caller, GenerationCommand command, Duration patience, GenerationSink sink, AdmissionStep first) {
        var deadlineNanos =
                System.nanoTime() + min(patience, properties.maxDuration()).toNanos();
        try (var measured = metrics.start(command.surface())) {
            try {
                open.takePlace();
                try {
                    var trimmed = Infill.around(command, sink);
                    run(admit(caller, command, deadlineNanos, trimmed, first), measured.watching(trimmed));
                } finally {
                    open.givePlaceBack();
                }
            } catch (SeedbedException failed) {
                measured.failed(failed.code());
                throw failed;
            } catch (ClientGoneException gone) {
                measured.cancelled();
                throw gone;
            } catch (RuntimeException e) {
                var mayPass = DatabaseFailure.mayPass(e);
                measured.failed(mayPass ? ErrorCode.OVERLOADED : ErrorCode.INTERNAL);
                throw mayPass ? DatabaseFailure.of(e) : e;
            }
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /**
     * Records what this replica has admitted from leases until now, rather than with the next heartbeat.
     *
     * @throws RuntimeException the database is away
     */
    public void record() {
        accounting.flush(Flush.DEMAND);
    }

    private Admission admit(
            Caller caller, GenerationCommand command, long deadlineNanos, GenerationSink sink, AdmissionStep first) {
        var version = models.resolve(command.model());
        requireAllowed(caller, version);
        CommandCheck.check(command, version);
        var held = bounds.of(caller);
        BoundsHeld.check(command, version, held);
        var inputTokens = inference.countTokens(version.name(), command.prompt());
        var maxTokens = CommandCheck.maxTokens(command, version, inputTokens, held);
        var pinned = prices.of(caller.tenantId()).orElse(null);
        var wanted = Estimate.of(version, pinned, inputTokens, maxTokens);
        var generation = new OpenGeneration(command.requestId(), caller.tenantId(), pinned, lease, System.nanoTime());
        var budgets = accounting.reserve(generation, command, caller, version, wanted, first);
        open.add(generation);
        faults.reached(FaultPoint.ADMITTED);
        return new Admission(
                generation,
                new Relay.Admitted(
                        command,
                        caller.tenantId(),
                        caller.share(),
                        version,
                        inputTokens,
                        maxTokens,
                        wanted,
                        deadlineNanos),
                () -> sink.admitted(version, budgets));
    }

    private static void requireAllowed(Caller caller, ModelVersion version) {
        if (!caller.permissions().allowsModel(version.modelName(), version.name())) {
            throw new SeedbedException(
                    ErrorCode.PERMISSION_DENIED,
                    "model not allowed for this key: %s (version: %s)".formatted(version.modelName(), version.name()),
                    "model",
                    null);
        }
    }

    private record Admission(OpenGeneration open, Relay.Admitted admitted, Runnable announce) {}

    private void run(Admission admission, GenerationSink sink) {
        var generation = admission.open();
        var relay = new Relay(
                inference,
                queue,
                accounting,
                generation,
                admission.admitted(),
                sink,
                properties.maxDispatches(),
                faults);
        try {
            Relay.Result result;
            try {
                admission.announce().run();
                result = relay.run();
            } catch (ClientGoneException gone) {
                settle(generation, relay, ended(GenerationRecord.State.CANCELLED, "client_gone"));
                throw gone;
            } catch (SeedbedException failed) {
                var state = failed.code() == ErrorCode.DEADLINE_EXCEEDED
                        ? GenerationRecord.State.CANCELLED
                        : GenerationRecord.State.FAILED;
                settle(generation, relay, ended(state, lowerCase(failed.code())));
                throw failed;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                settle(generation, relay, ended(GenerationRecord.State.CANCELLED, "interrupted"));
                throw new ClientGoneException("interrupted", e);
            } catch (RuntimeException defect) {
                settle(generation, relay, ended(GenerationRecord.State.FAILED, "internal"));
                throw defect;
            }
            faults.reached(FaultPoint.SETTLING);
            settle(
                    generation,
                    relay,
                    new Accounting.Ending(
                            GenerationRecord.State.FINISHED, lowerCase(result.reason()), result.detail()));
            faults.reached(FaultPoint.SETTLED);
            sink.finished(result.reason(), result.detail(), generation.work());
        } finally {
            open.remove(generation);
            metrics.used(
                    admission.admitted().command().surface(),
                    admission.admitted().version(),
                    generation.work());
        }
    }

    private static Accounting.Ending ended(GenerationRecord.State state, String detail) {
        return new Accounting.Ending(state, null, detail);
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Tries until it is durable or the reservation may be somebody else's to expire; then the last checkpoint stands.
     */
    private void settle(OpenGeneration generation, Relay relay, Accounting.Ending ending) {
        var giveUpAt = System.nanoTime() + lease.toNanos();
        while (true) {
            try {
                accounting.end(
                        generation.id(),
                        generation.tenantId(),
                        generation.bill(),
                        ending,
                        relay.dispatches(),
                        relay.queueWait());
                log.info(
                        "generation {} of tenant {} settled: {} {}, {}, {} dispatches",
                        generation.id(),
                        generation.tenantId(),
                        ending.state(),
                        ending.detail(),
                        generation.work(),
                        relay.dispatches());
                return;
            } catch (RuntimeException e) {
                if (!DatabaseFailure.mayPass(e) || System.nanoTime() > giveUpAt) {
                    log.error("generation {} not settled, its last checkpoint stands", generation.id(), e);
                    throw e;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(SETTLE_AGAIN_AFTER);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
