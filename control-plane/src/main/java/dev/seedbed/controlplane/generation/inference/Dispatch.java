package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.generation.Knobs;
import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.time.Duration;
import java.util.List;

/**
 * One call to the engine.
 *
 * @param share how the engine's rounds are shared with other tenants
 * @param committedTokenIds output of earlier dispatches, which this one continues
 * @param maxTokens output tokens of this dispatch, >= 1
 * @param maxPositions what this dispatch may evaluate, >= 1: within what is reserved
 * @param coalescing how long after one event the next ones may wait for one another
 * @param deadline from now
 */
public record Dispatch(
        RequestId requestId,
        TenantId tenantId,
        Share share,
        String modelVersion,
        Prompt prompt,
        List<Integer> committedTokenIds,
        int maxTokens,
        long maxPositions,
        List<String> stop,
        Knobs knobs,
        boolean diffusing,
        Duration coalescing,
        Duration deadline) {}
