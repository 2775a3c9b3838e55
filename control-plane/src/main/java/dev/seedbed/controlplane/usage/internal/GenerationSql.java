package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on usage_generation. */
@Repository
public class GenerationSql {

    private final JdbcClient jdbc;

    GenerationSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public void insert(
            RequestId id,
            Caller caller,
            String modelVersion,
            @Nullable PriceList prices,
            GenerationRecord.Surface surface,
            String knobs,
            String limits) {
        jdbc.sql("""
                INSERT INTO usage_generation
                    (request_id, tenant_id, project_id, api_key_id, model_version, price_list_id, price_list_version,
                     surface, knobs, limits, state)
                VALUES (:id, :tenant, :project, :key, :version, :list::uuid, :list_version::integer,
                        :surface, :knobs::jsonb, :limits::jsonb, 'RUNNING')
                """)
                .param("id", id.value())
                .param("tenant", caller.tenantId().value())
                .param("project", caller.projectId().value())
                .param("key", caller.apiKeyId().value())
                .param("version", modelVersion)
                .param("list", prices == null ? null : prices.id())
                .param("list_version", prices == null ? null : prices.version())
                .param("surface", surface.name())
                .param("knobs", knobs)
                .param("limits", limits)
                .update();
    }

    public void progress(Map<RequestId, Work> cumulative) {
        var ids = List.copyOf(cumulative.keySet());
        var works =
                ids.stream().map(id -> cumulative.getOrDefault(id, Work.NONE)).toList();
        jdbc.sql("""
                UPDATE usage_generation AS generation
                SET input_tokens = work.input_tokens,
                    cached_input_tokens = work.cached_input_tokens,
                    forward_passes = work.forward_passes,
                    positions_evaluated = work.positions_evaluated,
                    committed_tokens = work.committed_tokens,
                    edits = work.edits
                FROM unnest(:ids::uuid[], :input::bigint[], :cached::bigint[], :passes::bigint[], :positions::bigint[],
                            :committed::bigint[], :edits::bigint[])
                     AS work(request_id, input_tokens, cached_input_tokens, forward_passes, positions_evaluated,
                             committed_tokens, edits)
                WHERE generation.request_id = work.request_id AND generation.state = 'RUNNING'
                """)
                .param("ids", ids.stream().map(RequestId::toString).toArray(String[]::new))
                .param("input", column(works, Work::inputTokens))
                .param("cached", column(works, Work::cachedInputTokens))
                .param("passes", column(works, Work::forwardPasses))
                .param("positions", column(works, Work::positionsEvaluated))
                .param("committed", column(works, Work::committedTokens))
                .param("edits", column(works, Work::edits))
                .update();
    }

    private static Long[] column(List<Work> works, Function<Work, Long> counter) {
        return works.stream().map(counter).toArray(Long[]::new);
    }

    public void close(
            RequestId id,
            GenerationRecord.State state,
            @Nullable String finishReason,
            @Nullable String finishDetail,
            Work work,
            int dispatches,
            @Nullable Duration queueWait) {
        jdbc.sql("""
                UPDATE usage_generation
                SET state = :state, finish_reason = :reason::text, finish_detail = :detail::text, finish_time = clock_timestamp(),
                    input_tokens = :input, cached_input_tokens = :cached, forward_passes = :passes,
                    positions_evaluated = :positions, committed_tokens = :committed, edits = :edits, dispatches = :dispatches,
                    queue_wait_ms = :wait::bigint
                WHERE request_id = :id AND state IN ('RUNNING', 'EXPIRED')
                """)
                .param("id", id.value())
                .param("state", state.name())
                .param("reason", finishReason)
                .param("detail", finishDetail)
                .param("input", work.inputTokens())
                .param("cached", work.cachedInputTokens())
                .param("passes", work.forwardPasses())
                .param("positions", work.positionsEvaluated())
                .param("committed", work.committedTokens())
                .param("edits", work.edits())
                .param("dispatches", dispatches)
                .param("wait", queueWait == null ? null : queueWait.toMillis())
                .update();
    }

    public void expire(Collection<RequestId> ids) {
        jdbc.sql("""
                UPDATE usage_generation SET state = 'EXPIRED', finish_time = clock_timestamp()
                WHERE request_id = ANY (:ids::uuid[]) AND state = 'RUNNING'
                """)
                .param("ids", ids.stream().map(RequestId::toString).toArray(String[]::new))
                .update();
    }

    public Optional<GenerationRecord> find(RequestId id) {
        return jdbc.sql("""
                SELECT usage_generation.*, price_list.name AS price_list
                FROM usage_generation LEFT JOIN price_list USING (price_list_id)
                WHERE request_id = :id
                """)
                .param("id", id.value())
                .query((row, n) -> generation(row))
                .optional();
    }

    private static GenerationRecord generation(ResultSet row) throws SQLException {
        return new GenerationRecord(
                new RequestId(row.getObject("request_id", UUID.class)),
                new TenantId(row.getObject("tenant_id", UUID.class)),
                new ApiKeyId(row.getString("api_key_id")),
                row.getObject("project_id", UUID.class),
                row.getString("model_version"),
                prices(row),
                GenerationRecord.Surface.valueOf(row.getString("surface")),
                row.getString("knobs"),
                row.getString("limits"),
                row.getString("arm"),
                GenerationRecord.State.valueOf(row.getString("state")),
                row.getString("finish_reason"),
                row.getString("finish_detail"),
                new Work(
                        row.getLong("input_tokens"),
                        row.getLong("cached_input_tokens"),
                        row.getLong("forward_passes"),
                        row.getLong("positions_evaluated"),
                        row.getLong("committed_tokens"),
                        row.getLong("edits")),
                row.getInt("dispatches"),
                row.getObject("queue_wait_ms", Long.class),
                row.getObject("create_time", OffsetDateTime.class).toInstant(),
                instant(row, "finish_time"));
    }

    private static GenerationRecord.@Nullable PriceVersion prices(ResultSet row) throws SQLException {
        var list = row.getString("price_list");
        return list == null ? null : new GenerationRecord.PriceVersion(list, row.getInt("price_list_version"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
