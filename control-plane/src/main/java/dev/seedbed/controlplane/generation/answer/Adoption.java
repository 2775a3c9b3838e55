package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.generation.AdmissionStep;
import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.Generations;
import dev.seedbed.controlplane.quota.Reversals;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.UsageLedger;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Service;

/**
 * Requests of clients that count their retries and name no key. A retry adopts the newest attempt before it, of the same key and the
 * same request, whose answer never reached the client: that one's charge is given back with the admission of the retry.
 */
@Service
class Adoption {

    private static final Logger log = LoggerFactory.getLogger(Adoption.class);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(3);

    private final Generations generations;
    private final Fingerprints fingerprints;
    private final AttemptSql attempts;
    private final Reversals reversals;
    private final UsageLedger ledger;
    private final AnswerMetrics metrics;

    Adoption(
            Generations generations,
            Fingerprints fingerprints,
            AttemptSql attempts,
            Reversals reversals,
            UsageLedger ledger,
            AnswerMetrics metrics) {
        this.generations = generations;
        this.fingerprints = fingerprints;
        this.attempts = attempts;
        this.reversals = reversals;
        this.ledger = ledger;
        this.metrics = metrics;
    }

    void generate(Caller caller, GenerationCommand command, int retryCount, Duration patience, GenerationSink sink) {
        var fingerprint = fingerprints.of(caller.tenantId(), command);
        var begun = new AttemptSql.Begun(command.requestId(), caller.apiKeyId(), fingerprint, retryCount);
        AdmissionStep step = retryCount == 0 ? new First(begun) : retry(caller, command, begun);
        try {
            generations.generate(caller, command, patience, sink, step);
        } catch (ClientGoneException gone) {
            undelivered(command);
            throw gone;
        }
    }

    private void undelivered(GenerationCommand command) {
        if (!attempts.markUndelivered(command.requestId())) {
            // Admitted from a lease a moment ago, and not written yet.
            generations.record();
            attempts.markUndelivered(command.requestId());
        }
    }

    /** A first attempt adopts nothing: it may be written later, together with others. */
    private final class First implements AdmissionStep, AdmissionStep.Deferred {

        private final AttemptSql.Begun begun;

        First(AttemptSql.Begun begun) {
            this.begun = begun;
        }

        @Override
        public void apply() {
            attempts.insert(List.of(begun));
        }

        @Override
        public Deferred deferred() {
            return this;
        }

        @Override
        public void applyAll(List<Deferred> steps) {
            attempts.insert(steps.stream().map(step -> ((First) step).begun).toList());
        }
    }

    private AdmissionStep retry(Caller caller, GenerationCommand command, AttemptSql.Begun begun) {
        // The attempt before may have been admitted from a lease a moment ago.
        generations.record();
        var before = before(caller, begun.fingerprint(), begun.retryCount() - 1);
        return () -> {
            attempts.insert(List.of(begun));
            before.ifPresent(attempt -> adopt(attempt, command));
        };
    }

    private Optional<AttemptSql.Attempt> before(Caller caller, Digest fingerprint, int retryCount) {
        return attempts.newest(caller.apiKeyId(), fingerprint, retryCount)
                // One that runs in another replica settles there, and is not undelivered yet.
                .filter(attempt ->
                        !attempt.running() || generations.stop(attempt.id(), "its client tried again", STOP_PATIENCE));
    }

    private void adopt(AttemptSql.Attempt attempt, GenerationCommand command) {
        if (!attempts.adopt(attempt.id(), command.requestId())) {
            return;
        }
        reversals.reverse(attempt.id()).ifPresent(reversal -> {
            ledger.append(reversal);
            metrics.adopted();
            log.info("generation {} adopts {}: {} given back", command.requestId(), attempt.id(), reversal.amounts());
        });
    }
}
