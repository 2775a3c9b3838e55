package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on answer_attempt. */
@Repository
class AttemptSql {

    /** Was never brought to its client whole. */
    private static final String UNDELIVERED =
            "(generation.state IN ('CANCELLED', 'FAILED', 'EXPIRED') OR generation.state = 'FINISHED' AND undelivered)";

    private final JdbcClient jdbc;

    AttemptSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    record Attempt(RequestId id, boolean running) {}

    /** An attempt that begins. */
    record Begun(RequestId id, ApiKeyId key, Digest fingerprint, int retryCount) {}

    void insert(List<Begun> begun) {
        jdbc.sql("""
                INSERT INTO answer_attempt (request_id, api_key_id, fingerprint, retry_count)
                SELECT * FROM unnest(:ids::uuid[], :keys::text[], :fingerprints::bytea[], :counts::integer[])
                """)
                .param("ids", begun.stream().map(one -> one.id().toString()).toArray(String[]::new))
                .param("keys", begun.stream().map(one -> one.key().value()).toArray(String[]::new))
                .param(
                        "fingerprints",
                        begun.stream().map(one -> one.fingerprint().bytes()).toArray(byte[][]::new))
                .param("counts", begun.stream().map(Begun::retryCount).toArray(Integer[]::new))
                .update();
    }

    /** The newest attempt that a retry may adopt; one that has ended before one that runs. Unlocked. */
    Optional<Attempt> newest(ApiKeyId key, Digest fingerprint, int retryCount) {
        return jdbc.sql("""
                SELECT request_id, generation.state
                FROM answer_attempt AS attempt JOIN usage_generation AS generation USING (request_id)
                WHERE attempt.api_key_id = :key AND fingerprint = :fingerprint AND retry_count = :count AND adopted_by IS NULL
                  AND attempt.create_time > now() - interval '10 minutes'
                  AND (generation.state = 'RUNNING' OR %s)
                ORDER BY generation.state = 'RUNNING', attempt.create_time DESC
                LIMIT 1
                """.formatted(UNDELIVERED))
                .param("key", key.value())
                .param("fingerprint", fingerprint.bytes())
                .param("count", retryCount)
                .query((row, n) -> new Attempt(
                        new RequestId(row.getObject("request_id", UUID.class)),
                        GenerationRecord.State.RUNNING.name().equals(row.getString("state"))))
                .optional();
    }

    /** @return false: it was adopted or delivered meanwhile. Waits for whoever is just adopting it */
    boolean adopt(RequestId attempt, RequestId by) {
        return jdbc.sql("""
                        UPDATE answer_attempt AS attempt SET adopted_by = :by
                        FROM usage_generation AS generation
                        WHERE attempt.request_id = :id AND generation.request_id = attempt.request_id
                          AND adopted_by IS NULL AND %s
                        """.formatted(UNDELIVERED))
                        .param("id", attempt.value())
                        .param("by", by.value())
                        .update()
                == 1;
    }

    /** @return false: it is not recorded */
    boolean markUndelivered(RequestId id) {
        return jdbc.sql("UPDATE answer_attempt SET undelivered = true WHERE request_id = :id")
                        .param("id", id.value())
                        .update()
                == 1;
    }

    void sweep() {
        jdbc.sql("DELETE FROM answer_attempt WHERE create_time < now() - interval '10 minutes'")
                .update();
    }
}
