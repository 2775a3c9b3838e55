package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.GenerationRecords.Ended;
import dev.seedbed.controlplane.usage.GenerationRecords.Later;
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

    /** Those that are there already are left alone. */
    public void insert(List<Later> later, Pipeline writes) {
        if (later.isEmpty()) {
            return;
        }
        writes.sql("""
                INSERT INTO usage_generation
                    (request_id, tenant_id, project_id, api_key_id, model_version, price_list_id, price_list_version,
                     surface, knobs, limits, state, finish_reason, finish_detail, input_tokens, cached_input_tokens, forward_passes,
                     positions_evaluated, committed_tokens, edits, dispatches, queue_wait_ms, create_time, finish_time)
                SELECT request_id, tenant_id, project_id, api_key_id, model_version, price_list_id, price_list_version,
                       surface, knobs::jsonb, limits::jsonb, state, finish_reason, finish_detail, input_tokens, cached_input_tokens, forward_passes,
                       positions_evaluated, committed_tokens, edits, dispatches, queue_wait_ms,
                       clock_timestamp() - admitted_ago_ms * interval '1 millisecond', clock_timestamp() - ended_ago_ms * interval '1 millisecond'
                FROM unnest(
                    :ids::uuid[], :tenants::uuid[], :projects::uuid[], :keys::text[], :versions::text[], :lists::uuid[], :list_versions::integer[],
                    :surfaces::text[], :knobs::text[], :limits::text[], :states::text[], :reasons::text[], :details::text[],
                    :input::bigint[], :cached::bigint[], :passes::bigint[], :positions::bigint[], :committed::bigint[], :edits::bigint[],
                    :dispatches::integer[], :waits::bigint[], :admitted_ago::bigint[], :ended_ago::bigint[]
                ) AS made(request_id, tenant_id, project_id, api_key_id, model_version, price_list_id, price_list_version,
                          surface, knobs, limits, state, finish_reason, finish_detail, input_tokens, cached_input_tokens, forward_passes,
                          positions_evaluated, committed_tokens, edits, dispatches, queue_wait_ms, admitted_ago_ms, ended_ago_ms)
                ON CONFLICT (request_id) DO NOTHING
                """)
                .params(endings(later.stream().map(GenerationSql::ending).toList()))
                .params(works(later.stream().map(Later::work).toList()))
                .param("ids", texts(later, one -> one.admitted().id().toString()))
                .param(
                        "tenants",
                        texts(later, one -> one.admitted().caller().tenantId().toString()))
                .param(
                        "projects",
                        texts(later, one -> one.admitted().caller().projectId().toString()))
                .param(
                        "keys",
                        texts(later, one -> one.admitted().caller().apiKeyId().value()))
                .param("versions", texts(later, one -> one.admitted().modelVersion()))
                .param(
                        "lists",
                        texts(later, one -> list(one, prices -> prices.id().toString())))
                .param(
                        "list_versions",
                        later.stream().map(one -> list(one, PriceList::version)).toArray(Integer[]::new))
                .param("surfaces", texts(later, one -> one.admitted().surface().name()))
                .param("knobs", texts(later, one -> one.admitted().knobs()))
                .param("limits", texts(later, one -> one.admitted().limits()))
                .param(
                        "admitted_ago",
                        later.stream().map(one -> one.admittedAgo().toMillis()).toArray(Long[]::new))
                .param(
                        "ended_ago",
                        later.stream().map(one -> millis(one.endedAgo())).toArray(Long[]::new))
                .update();
    }

    private static Ended ending(Later later) {
        var ended = later.ended();
        return ended == null ? new Ended(GenerationRecord.State.RUNNING, null, null, later.work(), 0, null) : ended;
    }

    private static <T> @Nullable T list(Later later, Function<PriceList, T> of) {
        var prices = later.admitted().prices();
        return prices == null ? null : of.apply(prices);
    }

    private static @Nullable Long millis(@Nullable Duration duration) {
        return duration == null ? null : duration.toMillis();
    }

    private static <T> String[] texts(List<T> rows, Function<T, @Nullable String> text) {
        return rows.stream().map(text).toArray(String[]::new);
    }

    private static Map<String, Object> endings(List<Ended> ended) {
        return Map.of(
                "states", texts(ended, one -> one.state().name()),
                "reasons", texts(ended, Ended::finishReason),
                "details", texts(ended, Ended::finishDetail),
                "dispatches", ended.stream().map(Ended::dispatches).toArray(Integer[]::new),
                "waits", ended.stream().map(one -> millis(one.queueWait())).toArray(Long[]::new));
    }

    private static Map<String, Object> works(List<Work> works) {
        return Map.of(
                "input", column(works, Work::inputTokens),
                "cached", column(works, Work::cachedInputTokens),
                "passes", column(works, Work::forwardPasses),
                "positions", column(works, Work::positionsEvaluated),
                "committed", column(works, Work::committedTokens),
                "edits", column(works, Work::edits));
    }

    public void progress(Map<RequestId, Work> cumulative, Pipeline writes) {
        var ids = List.copyOf(cumulative.keySet());
        var works =
                ids.stream().map(id -> cumulative.getOrDefault(id, Work.NONE)).toList();
        writes.sql("""
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
                .params(works(works))
                .update();
    }

    private static Long[] column(List<Work> works, Function<Work, Long> counter) {
        return works.stream().map(counter).toArray(Long[]::new);
    }

    public void close(Map<RequestId, Ended> ended, Pipeline writes) {
        if (ended.isEmpty()) {
            return;
        }
        var ids = List.copyOf(ended.keySet());
        var endings = ids.stream().map(ended::get).toList();
        writes.sql("""
                UPDATE usage_generation AS generation
                SET state = ended.state, finish_reason = ended.finish_reason, finish_detail = ended.finish_detail,
                    finish_time = clock_timestamp(), input_tokens = ended.input_tokens,
                    cached_input_tokens = ended.cached_input_tokens, forward_passes = ended.forward_passes,
                    positions_evaluated = ended.positions_evaluated, committed_tokens = ended.committed_tokens,
                    edits = ended.edits, dispatches = ended.dispatches, queue_wait_ms = ended.queue_wait_ms
                FROM unnest(:ids::uuid[], :states::text[], :reasons::text[], :details::text[], :input::bigint[], :cached::bigint[],
                            :passes::bigint[], :positions::bigint[], :committed::bigint[], :edits::bigint[], :dispatches::integer[],
                            :waits::bigint[])
                     AS ended(request_id, state, finish_reason, finish_detail, input_tokens, cached_input_tokens, forward_passes,
                              positions_evaluated, committed_tokens, edits, dispatches, queue_wait_ms)
                WHERE generation.request_id = ended.request_id AND generation.state IN ('RUNNING', 'EXPIRED')
                """)
                .param("ids", texts(ids, RequestId::toString))
                .params(endings(endings))
                .params(works(endings.stream().map(Ended::work).toList()))
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
