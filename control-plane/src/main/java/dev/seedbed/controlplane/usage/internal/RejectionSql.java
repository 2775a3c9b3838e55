package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.usage.Rejection;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on usage_rejection. */
@Repository
public class RejectionSql {

    private final JdbcClient jdbc;

    RejectionSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** A row as it was written. */
    record Stored(long id, Rejection rejection, Instant createTime) {}

    public void insert(List<Rejection> rejections) {
        jdbc.sql("""
                INSERT INTO usage_rejection (request_id, tenant_id, project_id, api_key_id, endpoint, code, param, message)
                SELECT * FROM unnest(
                    :requests::uuid[], :tenants::uuid[], :projects::uuid[], :keys::text[],
                    :endpoints::text[], :codes::text[], :params::text[], :messages::text[])
                """)
                .param("requests", texts(rejections, Rejection::requestId))
                .param("tenants", texts(rejections, Rejection::tenantId))
                .param("projects", texts(rejections, Rejection::projectId))
                .param("keys", texts(rejections, Rejection::apiKeyId))
                .param("endpoints", texts(rejections, Rejection::endpoint))
                .param("codes", texts(rejections, Rejection::code))
                .param("params", texts(rejections, Rejection::param))
                .param("messages", texts(rejections, Rejection::message))
                .update();
    }

    private static @Nullable String[] texts(List<Rejection> rejections, Function<Rejection, @Nullable Object> column) {
        var texts = new @Nullable String[rejections.size()];
        for (int i = 0; i < texts.length; i++) {
            var value = column.apply(rejections.get(i));
            texts[i] = value == null ? null : value.toString();
        }
        return texts;
    }

    public void prune(int maxRows, Duration maxAge) {
        jdbc.sql("""
                DELETE FROM usage_rejection
                WHERE create_time < now() - :age_ms * interval '1 millisecond'
                   OR rejection_id <= (
                        SELECT rejection_id FROM usage_rejection ORDER BY rejection_id DESC OFFSET :max_rows LIMIT 1)
                """)
                .param("age_ms", maxAge.toMillis())
                .param("max_rows", maxRows)
                .update();
    }

    /**
     * Newest first.
     *
     * @param before only rows with smaller ids
     */
    List<Stored> list(@Nullable UUID tenantId, @Nullable UUID requestId, long before, int atMost) {
        return jdbc.sql("""
                SELECT * FROM usage_rejection
                WHERE rejection_id < :before
                  AND (:tenant::uuid IS NULL OR tenant_id = :tenant::uuid)
                  AND (:request::uuid IS NULL OR request_id = :request::uuid)
                ORDER BY rejection_id DESC
                LIMIT :at_most
                """)
                .param("before", before)
                .param("tenant", tenantId)
                .param("request", requestId)
                .param("at_most", atMost)
                .query((row, n) -> new Stored(
                        row.getLong("rejection_id"),
                        new Rejection(
                                new RequestId(row.getObject("request_id", UUID.class)),
                                row.getObject("tenant_id", UUID.class),
                                row.getObject("project_id", UUID.class),
                                row.getString("api_key_id"),
                                row.getString("endpoint"),
                                row.getString("code"),
                                row.getString("param"),
                                row.getString("message")),
                        row.getObject("create_time", OffsetDateTime.class).toInstant()))
                .list();
    }
}
