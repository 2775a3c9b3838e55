package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.generation.AdmissionStep;
import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.Generations;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.grpc.Context;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.stereotype.Service;

/**
 * Answers requests, for both surfaces, in the calling thread.
 *
 * <p>A request with an idempotency key is generated at most once while its key is kept: the key is taken in the transaction of the
 * admission. Its generation runs in a thread of its own, and goes on for a while when its client is gone; whoever asks again with
 * the key reads the same answer. Its end is durable before anybody is told of it. A key whose answer is lost, with its replica, by
 * its size or by the tenant's retention, answers REPLAY_UNAVAILABLE and never generates again.
 */
@Service
public class Answers {

    private static final Logger log = LoggerFactory.getLogger(Answers.class);
    private static final Duration ANY_PATIENCE = Duration.ofDays(1);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final Duration END_AGAIN_AFTER = Duration.ofMillis(200);

    /** Lookups before a key that others keep taking and losing is called busy. */
    private static final int MAX_LOOKUPS = 4;

    private final Generations generations;
    private final Adoption adoption;
    private final Fingerprints fingerprints;
    private final AnswerStore store;
    private final AnswerProperties properties;
    private final AnswerMetrics metrics;
    private final ObservationRegistry observations;
    private final ConcurrentHashMap<Digest, RunningAnswer> running = new ConcurrentHashMap<>();

    Answers(
            Generations generations,
            Adoption adoption,
            Fingerprints fingerprints,
            AnswerStore store,
            AnswerProperties properties,
            AnswerMetrics metrics,
            ObservationRegistry observations) {
        this.generations = generations;
        this.adoption = adoption;
        this.fingerprints = fingerprints;
        this.store = store;
        this.properties = properties;
        this.metrics = metrics;
        this.observations = observations;
        metrics.detached(() ->
                running.values().stream().filter(RunningAnswer::isDetached).count());
    }

    /**
     * Brings the answer to a request to its sink: a new one, or the one that its key already has.
     *
     * @param patience until when its client waits
     * @throws SeedbedException as {@link Generations#generate}; IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, REPLAY_UNAVAILABLE
     * @throws ClientGoneException the client went away
     */
    public void answer(
            Caller caller, GenerationCommand command, Repetition repetition, Duration patience, GenerationSink sink) {
        if (repetition.key() != null) {
            keyed(caller, command, repetition.key(), repetition, patience, sink);
        } else if (repetition.retryCount() != null) {
            adoption.generate(caller, command, repetition.retryCount(), patience, sink);
        } else {
            generations.generate(caller, command, patience, sink, AdmissionStep.NONE);
        }
    }

    private void keyed(
            Caller caller,
            GenerationCommand command,
            IdempotencyKey key,
            Repetition repetition,
            Duration patience,
            GenerationSink sink) {
        var scope = fingerprints.scope(caller, command, key);
        var fingerprint = fingerprints.of(caller.tenantId(), command);
        for (int lookup = 0; lookup < MAX_LOOKUPS; lookup++) {
            var here = running.get(scope);
            if (here != null) {
                requireSame(here.fingerprint(), fingerprint);
                if (here.attach()) {
                    metrics.attached();
                    if (read(here, true, patience, sink)) {
                        return;
                    }
                }
            }
            var stored = store.find(scope, caller);
            if (stored.isPresent()) {
                requireSame(stored.get().fingerprint(), fingerprint);
                if (stored.get().state() != AnswerSql.State.RUNNING) {
                    replay(caller, stored.get(), sink);
                    return;
                }
                if (!running.containsKey(scope)) {
                    throw inProgress();
                }
                continue;
            }
            var fresh = new RunningAnswer(command.requestId(), fingerprint, repetition.received(), properties);
            fresh.attach();
            if (running.putIfAbsent(scope, fresh) == null) {
                start(scope, caller, command, fresh);
                if (read(fresh, false, patience, sink)) {
                    return;
                }
            }
        }
        throw inProgress();
    }

    private static void requireSame(Digest first, Digest now) {
        if (!first.equals(now)) {
            throw new SeedbedException(
                    ErrorCode.IDEMPOTENCY_KEY_REUSED,
                    "idempotency-key was used for another request (expected: the same request, or a new key)",
                    IdempotencyKey.HEADER,
                    null);
        }
    }

    private static SeedbedException inProgress() {
        return new SeedbedException(
                        ErrorCode.IDEMPOTENCY_IN_PROGRESS,
                        "the first request with this idempotency key still runs",
                        IdempotencyKey.HEADER,
                        null)
                .retryAfter(RETRY_AFTER);
    }

    private void replay(Caller caller, AnswerSql.Stored stored, GenerationSink sink) {
        if (stored.state() == AnswerSql.State.GONE) {
            throw AnswerStore.unavailable();
        }
        var answer = store.read(caller, stored);
        metrics.replayed();
        sink.replays(stored.requestId(), stored.created());
        answer.deliver(sink);
    }

    /** Of a reader that is attached. */
    private static boolean read(RunningAnswer answer, boolean ofAnother, Duration patience, GenerationSink sink) {
        try {
            return answer.read(sink, ofAnother, patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("interrupted", e);
        } finally {
            answer.detach();
        }
    }

    private void start(Digest scope, Caller caller, GenerationCommand command, RunningAnswer answer) {
        // Not in the context of the client's call: its end would be the generation's.
        var generation = Context.ROOT.wrap(() -> {
            try (var inLog = MDC.putCloseable("requestId", answer.id().toString())) {
                generate(scope, caller, command, answer);
            } finally {
                running.remove(scope, answer);
            }
        });
        var observation = observations.getCurrentObservation();
        Thread.ofVirtual()
                .name("answer-" + answer.id())
                .start(observation == null ? generation : () -> observation.scoped(generation));
    }

    private void generate(Digest scope, Caller caller, GenerationCommand command, RunningAnswer answer) {
        AnswerEvent.End end;
        var taken = new AtomicBoolean();
        try {
            generations.generate(caller, command, ANY_PATIENCE, answer, () -> {
                if (!store.take(scope, caller, answer)) {
                    taken.set(true);
                    throw inProgress();
                }
            });
            var finished = answer.finished();
            end = finished == null ? internal() : finished;
        } catch (ClientGoneException abandoned) {
            // The key stays taken, without an end.
            log.info("answer {} abandoned: {}", answer.id(), abandoned.getMessage());
            running.remove(scope, answer);
            answer.refuse(AnswerStore.unavailable());
            return;
        } catch (RuntimeException failed) {
            if (!answer.isAdmitted()) {
                // Before its readers look again.
                running.remove(scope, answer);
                if (taken.get()) {
                    answer.supersede();
                } else {
                    answer.refuse(failed);
                }
                return;
            }
            end = failed(failed);
        }
        end(scope, caller, answer, end);
    }

    private static AnswerEvent.Failed failed(RuntimeException failure) {
        if (failure instanceof SeedbedException known) {
            return AnswerEvent.Failed.of(known);
        }
        log.error("internal error", failure);
        return internal();
    }

    private static AnswerEvent.Failed internal() {
        return AnswerEvent.Failed.of(new SeedbedException(ErrorCode.INTERNAL, "internal error"));
    }

    /** Nobody is told of an end that a replay could not tell again. */
    private void end(Digest scope, Caller caller, RunningAnswer answer, AnswerEvent.End end) {
        var giveUpAt = System.nanoTime() + AnswerSql.ENDING.toNanos();
        while (true) {
            try {
                store.end(caller, answer.id(), answer.whole(end));
                // From here on what is stored is the answer, to whoever asks.
                running.remove(scope, answer);
                answer.end(end);
                return;
            } catch (RuntimeException e) {
                if (!DatabaseFailure.mayPass(e) || System.nanoTime() > giveUpAt || !pause()) {
                    log.error("end of answer {} not durable", answer.id(), e);
                    answer.refuse(DatabaseFailure.mayPass(e) ? DatabaseFailure.of(e) : e);
                    return;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(END_AGAIN_AFTER);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
