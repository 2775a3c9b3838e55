package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.wire.RequestId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on answer_record and answer_chunk. Everything expires on the database's clock. */
@Repository
class AnswerSql {

    /** How long after its settlement the end of an answer may take to become durable. */
    static final Duration ENDING = Duration.ofSeconds(10);

    private final JdbcClient jdbc;

    AnswerSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** What is known of a used key. */
    record Stored(RequestId requestId, Digest fingerprint, Instant created, State state) {}

    enum State {
        RUNNING,
        /** Ended, and its chunks can be read. */
        KEPT,
        /** Ended without an answer that is kept, or never ended. */
        GONE
    }

    /**
     * Takes a key for a request.
     *
     * @return false: somebody has it. Waits for whoever is just taking it
     */
    boolean insert(Digest scope, RequestId id, TenantId tenant, Digest fingerprint, Instant created, Duration keptFor) {
        jdbc.sql("DELETE FROM answer_record WHERE scope = :scope AND expire_time <= now()")
                .param("scope", scope.bytes())
                .update();
        return jdbc.sql("""
                        INSERT INTO answer_record (scope, request_id, tenant_id, fingerprint, create_time, expire_time)
                        VALUES (:scope, :id, :tenant, :fingerprint, :created, now() + :kept_ms * interval '1 millisecond')
                        ON CONFLICT DO NOTHING
                        """)
                        .param("scope", scope.bytes())
                        .param("id", id.value())
                        .param("tenant", tenant.value())
                        .param("fingerprint", fingerprint.bytes())
                        .param("created", created.atOffset(ZoneOffset.UTC))
                        .param("kept_ms", keptFor.toMillis())
                        .update()
                == 1;
    }

    /** @param retention of the tenant now; a shorter one than before holds for older answers too */
    Optional<Stored> find(Digest scope, Duration retention) {
        return jdbc.sql("""
                SELECT record.request_id, fingerprint, record.create_time, end_time IS NOT NULL AS ended, generation.state,
                       coalesce(chunks > 0 AND now() < least(answer_expire_time, end_time + :retention_ms * interval '1 millisecond'),
                                false) AS kept,
                       -- A generation settles a little before its answer is durable.
                       coalesce(generation.state IN ('FINISHED', 'FAILED') AND finish_time > now() - :ending_ms * interval '1 millisecond',
                                false) AS ending
                FROM answer_record AS record
                LEFT JOIN usage_generation AS generation USING (request_id)
                WHERE scope = :scope AND now() < expire_time
                """)
                .param("scope", scope.bytes())
                .param("retention_ms", retention.toMillis())
                .param("ending_ms", ENDING.toMillis())
                .query((row, n) -> new Stored(
                        new RequestId(row.getObject("request_id", UUID.class)),
                        Digest.of(row.getBytes("fingerprint")),
                        row.getObject("create_time", OffsetDateTime.class).toInstant(),
                        state(row)))
                .optional();
    }

    private static State state(ResultSet row) throws SQLException {
        if (row.getBoolean("ended")) {
            return row.getBoolean("kept") ? State.KEPT : State.GONE;
        }
        return row.getBoolean("ending") || GenerationRecord.State.RUNNING.name().equals(row.getString("state"))
                ? State.RUNNING
                : State.GONE;
    }

    /** Makes an answer's end durable. @param sealed none: nothing is kept of it */
    void end(RequestId id, List<byte[]> sealed, Duration answerKeptFor, Duration keptFor) {
        if (!sealed.isEmpty()) {
            jdbc.sql("""
                    INSERT INTO answer_chunk (request_id, seq, sealed)
                    SELECT :id, seq, sealed FROM unnest(:seqs::integer[], :sealed::bytea[]) AS chunk(seq, sealed)
                    """)
                    .param("id", id.value())
                    .param("seqs", IntStream.range(0, sealed.size()).boxed().toArray(Integer[]::new))
                    .param("sealed", sealed.toArray(byte[][]::new))
                    .update();
        }
        jdbc.sql("""
                UPDATE answer_record
                SET end_time = now(), chunks = :chunks,
                    answer_expire_time = now() + :answer_ms * interval '1 millisecond',
                    expire_time = now() + :kept_ms * interval '1 millisecond'
                WHERE request_id = :id
                """)
                .param("id", id.value())
                .param("chunks", sealed.size())
                .param("answer_ms", answerKeptFor.toMillis())
                .param("kept_ms", keptFor.toMillis())
                .update();
    }

    /** In order; empty when they were swept. */
    List<byte[]> chunks(RequestId id) {
        return jdbc.sql("SELECT sealed FROM answer_chunk WHERE request_id = :id ORDER BY seq")
                .param("id", id.value())
                .query((row, n) -> row.getBytes("sealed"))
                .list();
    }

    /** Deletes what is past its time. @return answers whose text went */
    int sweep() {
        jdbc.sql("DELETE FROM answer_record WHERE expire_time <= now()").update();
        var swept = jdbc.sql("""
                UPDATE answer_record SET chunks = 0
                WHERE chunks > 0 AND answer_expire_time <= now()
                RETURNING request_id
                """).query(UUID.class).list();
        if (!swept.isEmpty()) {
            jdbc.sql("DELETE FROM answer_chunk WHERE request_id = ANY (:ids)")
                    .param("ids", swept.toArray(UUID[]::new))
                    .update();
        }
        return swept.size();
    }
}
