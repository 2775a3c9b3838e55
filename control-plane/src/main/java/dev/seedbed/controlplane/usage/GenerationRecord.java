package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An admitted generation and what came of it.
 *
 * @param prices pinned at admission; null: it cost nothing
 * @param knobs JSON: the options as asked for and what was reserved; never the prompt
 * @param projectId of the key when it asked; null: written by a replica that did not know
 * @param limits JSON: every limit that held for the request, as its reservation left it; null as above
 * @param arm of a rollout; null: none
 * @param work as of the last checkpoint or the settlement
 * @param dispatches calls to the engine
 * @param queueWaitMs milliseconds until its first place at the engine; null while it runs, and where none was waited for
 */
public record GenerationRecord(
        RequestId requestId,
        TenantId tenantId,
        ApiKeyId apiKeyId,
        @Nullable UUID projectId,
        String modelVersion,
        @Nullable PriceVersion prices,
        Surface surface,
        String knobs,
        @Nullable String limits,
        @Nullable String arm,
        State state,
        @Nullable String finishReason,
        @Nullable String finishDetail,
        Work work,
        int dispatches,
        @Nullable Long queueWaitMs,
        Instant createTime,
        @Nullable Instant finishTime) {

    /** One version of a price list. */
    public record PriceVersion(String name, int version) {}

    /** Where a request came in. */
    public enum Surface {
        COMPLETIONS,
        CHAT_COMPLETIONS,
        FIM_COMPLETIONS,
        GRPC
    }

    /** A generation leaves RUNNING once; an owner that settles late may replace EXPIRED. */
    public enum State {
        RUNNING,
        FINISHED,
        /** The client went away or its deadline passed. */
        CANCELLED,
        /** The engine or we failed after admission. */
        FAILED,
        /** Its replica was gone. */
        EXPIRED
    }
}
