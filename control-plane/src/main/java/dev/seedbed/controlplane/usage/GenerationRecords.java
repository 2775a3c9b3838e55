package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.database.Pipeline;
import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.internal.GenerationSql;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** One record for each admitted generation, written in the transactions of its reservation, within which the pipelines are sent. */
@Service
public class GenerationRecords {

    private final GenerationSql generations;

    GenerationRecords(GenerationSql generations) {
        this.generations = generations;
    }

    /**
     * What admission knows of a generation.
     *
     * @param prices pinned; null: it costs nothing
     * @param knobs JSON, without any text of the caller
     * @param limits JSON
     */
    public record Admitted(
            RequestId id,
            Caller caller,
            String modelVersion,
            @Nullable PriceList prices,
            GenerationRecord.Surface surface,
            String knobs,
            String limits) {}

    /**
     * How a generation ended.
     *
     * @param queueWait until the first place at the engine; null: not waited for
     */
    public record Ended(
            GenerationRecord.State state,
            @Nullable String finishReason,
            @Nullable String finishDetail,
            Work work,
            int dispatches,
            @Nullable Duration queueWait) {}

    /**
     * A generation that is recorded some time after its admission.
     *
     * @param admittedAgo since then
     * @param endedAgo since its end; null: it is still open
     */
    public record Later(
            Admitted admitted,
            Duration admittedAgo,
            Work work,
            @Nullable Ended ended,
            @Nullable Duration endedAgo) {}

    /** Records generations that may have ended already; one that is there already stays as it is. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void open(List<Later> later, Pipeline writes) {
        generations.insert(later, writes);
    }

    /** Stores the work of running generations. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void progress(Map<RequestId, Work> cumulative, Pipeline writes) {
        if (!cumulative.isEmpty()) {
            generations.progress(cumulative, writes);
        }
    }

    @Transactional(propagation = Propagation.MANDATORY)
    public void close(Map<RequestId, Ended> ended, Pipeline writes) {
        generations.close(ended, writes);
    }

    @Transactional(propagation = Propagation.MANDATORY)
    public void expire(Collection<RequestId> ids) {
        if (!ids.isEmpty()) {
            generations.expire(ids);
        }
    }

    @Transactional(readOnly = true)
    public Optional<GenerationRecord> find(RequestId id) {
        return generations.find(id);
    }
}
