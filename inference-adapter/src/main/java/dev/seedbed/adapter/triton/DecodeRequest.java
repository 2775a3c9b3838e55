package dev.seedbed.adapter.triton;

import org.jspecify.annotations.Nullable;

/**
 * One generation as the engine understands it.
 *
 * @param modelName a loaded model version
 * @param requestId travels to the engine's log; may be empty
 * @param promptTokens at least one id; not copied, never changed
 * @param maxTokens output tokens, at least 1
 * @param maxPositions rows that the engine may evaluate at most; null: no bound
 * @param drafts whether the active block is reported after every forward pass
 * @param tenant key of the engine's fair queue
 * @param weight share of the engine, 1..1000
 * @param priority 0..9, larger first
 */
@SuppressWarnings("ArrayRecordComponent") // Read once, on its way into the tensor; never compared.
public record DecodeRequest(
        String modelName,
        String requestId,
        int[] promptTokens,
        int maxTokens,
        @Nullable Long maxPositions,
        Knobs knobs,
        boolean drafts,
        String tenant,
        int weight,
        int priority) {

    /**
     * How to decode; null means the model version's default. Ranges are those of the backend's parameters.
     *
     * @param mode as the contract spells it, for example {@code exact}
     * @param policy as the contract spells it, for example {@code threshold}
     */
    public record Knobs(
            @Nullable String mode,
            @Nullable String policy,
            @Nullable Double threshold,
            @Nullable Integer steps,
            @Nullable Double editThreshold,
            @Nullable Integer editRounds,
            @Nullable Integer blockSize,
            @Nullable Integer draftLength,
            @Nullable Double temperature,
            @Nullable Double topP,
            @Nullable Long seed) {}
}
