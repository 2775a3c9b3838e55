package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Answers at rest: sealed, for as long as the tenant allows. */
@Service
class AnswerStore {

    private static final Logger log = LoggerFactory.getLogger(AnswerStore.class);

    private final AnswerSql sql;
    private final AttemptSql attempts;
    private final AnswerCipher cipher;
    private final AnswerProperties properties;

    AnswerStore(AnswerSql sql, AttemptSql attempts, AnswerCipher cipher, AnswerProperties properties) {
        this.sql = sql;
        this.attempts = attempts;
        this.cipher = cipher;
        this.properties = properties;
    }

    /** Takes a key, in the transaction of an admission. @return false: it is taken */
    @Transactional(propagation = Propagation.MANDATORY)
    public boolean take(Digest scope, Caller caller, RunningAnswer answer) {
        return sql.insert(
                scope, answer.id(), caller.tenantId(), answer.fingerprint(), answer.created(), properties.keptFor());
    }

    @Transactional(readOnly = true)
    public Optional<AnswerSql.Stored> find(Digest scope, Caller caller) {
        return sql.find(scope, caller.answerRetention());
    }

    /** @param answer empty: only that it has ended is kept */
    @Transactional
    public void end(Caller caller, RequestId id, Optional<Answer> answer) {
        var keptFor = min(properties.keptFor(), caller.answerRetention());
        var sealed = keptFor.isZero()
                ? List.<byte[]>of()
                : answer.map(whole -> cipher.seal(caller.tenantId(), id, whole.toBytes()))
                        .orElse(List.of());
        sql.end(id, sealed, keptFor, properties.keptFor());
    }

    /** @throws SeedbedException REPLAY_UNAVAILABLE */
    @Transactional(readOnly = true)
    public Answer read(Caller caller, AnswerSql.Stored stored) {
        var chunks = sql.chunks(stored.requestId());
        if (chunks.isEmpty()) {
            throw unavailable();
        }
        return cipher.open(caller.tenantId(), stored.requestId(), chunks)
                .map(Answer::of)
                .orElseThrow(() -> {
                    log.warn("answer {} cannot be opened: another answer-log-secret?", stored.requestId());
                    return unavailable();
                });
    }

    static SeedbedException unavailable() {
        return new SeedbedException(
                ErrorCode.REPLAY_UNAVAILABLE,
                "the answer to the first request with this idempotency key is not kept (expected: a new key to generate again)",
                IdempotencyKey.HEADER,
                null);
    }

    @Scheduled(
            initialDelayString = "${seedbed.answer.sweep-interval:1m}",
            fixedDelayString = "${seedbed.answer.sweep-interval:1m}")
    @Transactional
    public void sweep() {
        var swept = sql.sweep();
        attempts.sweep();
        if (swept > 0) {
            log.info("swept {} answers past their retention", swept);
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
