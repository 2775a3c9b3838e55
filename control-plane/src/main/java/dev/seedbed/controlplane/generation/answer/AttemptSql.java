package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.wire.RequestId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on answer_attempt. */
@Repository
class AttemptSql {

    /** Has ended, but not with its client's whole answer. A reservation is settled when its generation has ended. */
    private static final String CUT_SHORT = "generation.state IN ('CANCELLED', 'FAILED', 'EXPIRED')";

    private static final String NOT_READ = "generation.state = 'FINISHED' AND attempt.undelivered";

    /** For a given attempt and its generation. */
    private static final String MAY_ADOPT = """
            retry.api_key_id = attempt.api_key_id AND retry.fingerprint = attempt.fingerprint
              AND retry.retry_count = attempt.retry_count + 1 AND retry.create_time > generation.create_time
              AND retry.retry_count > 0 AND NOT retry.has_adopted AND retry.create_time > now() - interval '10 minutes'
            """;

    private final JdbcClient jdbc;

    AttemptSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** An attempt that begins. */
    record Begun(RequestId id, ApiKeyId key, Digest fingerprint, int retryCount) {}

    /** @param haveAdopted whether each of them has */
    void insert(List<Begun> begun, boolean haveAdopted, Pipeline writes) {
        writes.sql("""
                INSERT INTO answer_attempt (request_id, api_key_id, fingerprint, retry_count, has_adopted)
                SELECT made.*, :adopted FROM unnest(:ids::uuid[], :keys::text[], :fingerprints::bytea[], :counts::integer[]) AS made
                """)
                .param("ids", begun.stream().map(one -> one.id().toString()).toArray(String[]::new))
                .param("keys", begun.stream().map(one -> one.key().value()).toArray(String[]::new))
                .param(
                        "fingerprints",
                        begun.stream().map(one -> one.fingerprint().bytes()).toArray(byte[][]::new))
                .param("counts", begun.stream().map(Begun::retryCount).toArray(Integer[]::new))
                .param("adopted", haveAdopted)
                .update();
    }

    /**
     * Takes the newest undelivered attempt for a retry that is about to be inserted. One that somebody else holds is left to
     * {@link #adoptLate}.
     */
    Optional<RequestId> adopt(Begun retry) {
        return jdbc.sql("""
                UPDATE answer_attempt SET adopted_by = :retry
                WHERE request_id = (
                    SELECT request_id FROM answer_attempt AS attempt JOIN usage_generation AS generation USING (request_id)
                    WHERE attempt.api_key_id = :key AND fingerprint = :fingerprint AND retry_count = :count AND adopted_by IS NULL
                      AND attempt.create_time > now() - interval '10 minutes' AND (%s OR %s)
                    ORDER BY attempt.create_time DESC
                    LIMIT 1
                    FOR NO KEY UPDATE OF attempt SKIP LOCKED)
                RETURNING request_id
                """.formatted(CUT_SHORT, NOT_READ))
                .param("retry", retry.id().value())
                .param("key", retry.key().value())
                .param("fingerprint", retry.fingerprint().bytes())
                .param("count", retry.retryCount() - 1)
                .query(AttemptSql::id)
                .optional();
    }

    /** Undelivered attempts that a retry may adopt which began before they had ended. Costs what there are of retries without one. Unlocked. */
    List<RequestId> late(int atMost) {
        return jdbc.sql("""
                SELECT DISTINCT attempt.request_id
                FROM answer_attempt AS attempt JOIN usage_generation AS generation USING (request_id)
                JOIN answer_attempt AS retry ON %s
                WHERE attempt.adopted_by IS NULL AND (%s OR %s)
                LIMIT :at_most
                """.formatted(MAY_ADOPT, CUT_SHORT, NOT_READ))
                .param("at_most", atMost)
                .query(AttemptSql::id)
                .list();
    }

    /** Gives an undelivered attempt to the oldest retry that may adopt it. @return that retry; empty: others were quicker */
    Optional<RequestId> adoptLate(RequestId undelivered) {
        return jdbc.sql("""
                WITH pair AS (
                    SELECT attempt.request_id AS attempt_id, retry.request_id AS retry_id
                    FROM answer_attempt AS attempt JOIN usage_generation AS generation USING (request_id)
                    JOIN answer_attempt AS retry ON %s
                    WHERE attempt.request_id = :undelivered AND attempt.adopted_by IS NULL
                    ORDER BY retry.create_time
                    LIMIT 1
                    FOR NO KEY UPDATE OF attempt, retry SKIP LOCKED
                ), retry AS (
                    UPDATE answer_attempt SET has_adopted = true FROM pair WHERE request_id = retry_id
                )
                UPDATE answer_attempt SET adopted_by = retry_id FROM pair WHERE request_id = attempt_id
                RETURNING retry_id AS request_id
                """.formatted(MAY_ADOPT))
                .param("undelivered", undelivered.value())
                .query(AttemptSql::id)
                .optional();
    }

    private static RequestId id(ResultSet row, int number) throws SQLException {
        return new RequestId(row.getObject("request_id", UUID.class));
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
