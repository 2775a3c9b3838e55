package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.database.Pipelines;
import dev.seedbed.controlplane.generation.AdmissionStep;
import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.Generations;
import dev.seedbed.controlplane.quota.Reversals;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.UsageLedger;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Requests of clients that count their retries and name no key. A retry adopts one attempt before it, of the same key and the same
 * request, that has ended and whose answer never reached the client: that one's charge is given back. It does so with its own
 * admission, or soon after the attempt has ended, if that was later. An attempt that runs is left alone: it may be a sibling's.
 */
@Service
class Adoption {

    private static final Logger log = LoggerFactory.getLogger(Adoption.class);
    private static final int ADOPT_AT_MOST = 100;

    private final TransactionTemplate transaction;
    private final Pipelines pipelines;
    private final Generations generations;
    private final Fingerprints fingerprints;
    private final AttemptSql attempts;
    private final Reversals reversals;
    private final UsageLedger ledger;
    private final AnswerMetrics metrics;

    Adoption(
            TransactionTemplate transaction,
            Pipelines pipelines,
            Generations generations,
            Fingerprints fingerprints,
            AttemptSql attempts,
            Reversals reversals,
            UsageLedger ledger,
            AnswerMetrics metrics) {
        this.transaction = transaction;
        this.pipelines = pipelines;
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
        AdmissionStep step = retryCount == 0 ? new First(begun) : retry(begun);
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
            pipelines.sendNow(writes -> attempts.insert(List.of(begun), false, writes));
        }

        @Override
        public Deferred deferred() {
            return this;
        }

        @Override
        public void applyAll(List<Deferred> steps, Pipeline writes) {
            attempts.insert(steps.stream().map(step -> ((First) step).begun).toList(), false, writes);
        }
    }

    private AdmissionStep retry(AttemptSql.Begun begun) {
        // The attempt before may have been admitted from a lease a moment ago.
        generations.record();
        return () -> {
            var adopted = attempts.adopt(begun);
            pipelines.sendNow(writes -> attempts.insert(List.of(begun), adopted.isPresent(), writes));
            adopted.ifPresent(attempt -> reverse(attempt, begun.id()));
        };
    }

    /** Attempts that have ended after their retry began. Safe in several replicas. */
    @Scheduled(fixedDelayString = "${seedbed.answer.adopt-interval:3s}")
    void adoptLate() {
        for (var attempt : attempts.late(ADOPT_AT_MOST)) {
            try {
                transaction.executeWithoutResult(
                        status -> attempts.adoptLate(attempt).ifPresent(retry -> reverse(attempt, retry)));
            } catch (RuntimeException e) {
                log.warn("generation {} is not adopted yet: {}", attempt, e.toString());
            }
        }
    }

    private void reverse(RequestId attempt, RequestId retry) {
        reversals.reverse(attempt).ifPresent(reversal -> {
            pipelines.sendNow(writes -> ledger.append(reversal, writes));
            metrics.adopted();
            log.info("generation {} adopts {}: {} given back", retry, attempt, reversal.amounts());
        });
    }
}
