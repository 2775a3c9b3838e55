package dev.seedbed.controlplane.usage;

import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.usage.internal.GenerationSql;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** One record for each admitted generation, written in the transactions of its reservation. */
@Service
public class GenerationRecords {

    private final GenerationSql generations;

    GenerationRecords(GenerationSql generations) {
        this.generations = generations;
    }

    /**
     * @param knobs JSON, without any text of the caller
     * @param limits JSON
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void open(
            RequestId id,
            Caller caller,
            String modelVersion,
            @Nullable PriceList prices,
            GenerationRecord.Surface surface,
            String knobs,
            String limits) {
        generations.insert(id, caller, modelVersion, prices, surface, knobs, limits);
    }

    /** Stores the work of running generations. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void progress(Map<RequestId, Work> cumulative) {
        generations.progress(cumulative);
    }

    /** @param queueWait until the first place at the engine; null: not waited for */
    @Transactional(propagation = Propagation.MANDATORY)
    public void close(
            RequestId id,
            GenerationRecord.State state,
            @Nullable String finishReason,
            @Nullable String finishDetail,
            Work work,
            int dispatches,
            @Nullable Duration queueWait) {
        generations.close(id, state, finishReason, finishDetail, work, dispatches, queueWait);
    }

    @Transactional(propagation = Propagation.MANDATORY)
    public void expire(Collection<RequestId> ids) {
        generations.expire(ids);
    }

    @Transactional(readOnly = true)
    public Optional<GenerationRecord> find(RequestId id) {
        return generations.find(id);
    }
}
