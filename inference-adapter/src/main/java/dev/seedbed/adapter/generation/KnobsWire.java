package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.DecodingMode;
import dev.seedbed.adapter.model.ModelContract;
import dev.seedbed.adapter.model.RevealPolicy;
import dev.seedbed.adapter.triton.DecodeRequest.Knobs;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.generation.v1.Policy;
import org.jspecify.annotations.Nullable;

/** {@code DecodeOptions} to what the engine takes and back. */
final class KnobsWire {

    private static final int MOST_EDIT_ROUNDS = 16;

    private KnobsWire() {}

    /** @throws AdapterException INVALID_REQUEST naming the first field that the version's contract does not allow */
    static Knobs knobs(DecodeOptions options, ModelContract contract) {
        DecodingMode mode = mode(options, contract);
        RevealPolicy policy = policy(options);
        return new Knobs(
                mode == null ? null : mode.spelling(),
                policy == null ? null : policy.spelling(),
                options.hasThreshold() ? Ranges.aboveZeroUpToOne("options.threshold", options.getThreshold()) : null,
                options.hasSteps()
                        ? Ranges.between("options.steps", options.getSteps(), 1, contract.maxBlockSize())
                        : null,
                options.hasEditThreshold()
                        ? Ranges.aboveZeroUpToOne("options.edit_threshold", options.getEditThreshold())
                        : null,
                options.hasEditRounds()
                        ? Ranges.between("options.edit_rounds", options.getEditRounds(), 0, MOST_EDIT_ROUNDS)
                        : null,
                blockSize(options, contract),
                options.hasDraftLength()
                        ? Ranges.between("options.draft_length", options.getDraftLength(), 1, contract.maxBlockSize())
                        : null,
                options.hasTemperature()
                        ? Ranges.between("options.temperature", options.getTemperature(), 0.0, 2.0)
                        : null,
                options.hasTopP() ? Ranges.aboveZeroUpToOne("options.top_p", options.getTopP()) : null,
                options.hasSeed() ? Ranges.between("options.seed", options.getSeed(), 0, Long.MAX_VALUE) : null);
    }

    static @Nullable DecodingMode mode(DecodeOptions options, ModelContract contract) {
        DecodingMode mode = switch (options.getMode()) {
            case MODE_UNSPECIFIED -> null;
            case MODE_AUTOREGRESSIVE -> DecodingMode.AUTOREGRESSIVE;
            case MODE_EXACT -> DecodingMode.EXACT;
            case MODE_DIFFUSION -> DecodingMode.DIFFUSION;
            case UNRECOGNIZED -> throw unknown("options.mode");
        };
        if (mode != null && !contract.modes().contains(mode)) {
            throw AdapterException.invalid(
                    "options.mode",
                    "mode not offered by the model version: " + mode.spelling() + " (expected: one of "
                            + contract.modes().stream()
                                    .map(DecodingMode::spelling)
                                    .toList() + ")");
        }
        return mode;
    }

    static DecodeOptions defaults(ModelContract contract) {
        ModelContract.Defaults defaults = contract.defaults();
        return DecodeOptions.newBuilder()
                .setMode(mode(defaults.mode()))
                .setPolicy(
                        switch (defaults.policy()) {
                            case THRESHOLD -> Policy.POLICY_THRESHOLD;
                            case CONFIDENT_PREFIX -> Policy.POLICY_CONFIDENT_PREFIX;
                            case FIXED_STEPS -> Policy.POLICY_FIXED_STEPS;
                        })
                .setThreshold(defaults.threshold())
                .setSteps(defaults.steps())
                .setEditThreshold(defaults.editThreshold())
                .setEditRounds(defaults.editRounds())
                .setBlockSize(contract.blockSize())
                .setDraftLength(defaults.draftLength())
                .setTemperature(defaults.temperature())
                .setTopP(defaults.topP())
                .setSeed(0)
                .build();
    }

    static Mode mode(DecodingMode mode) {
        return switch (mode) {
            case AUTOREGRESSIVE -> Mode.MODE_AUTOREGRESSIVE;
            case EXACT -> Mode.MODE_EXACT;
            case DIFFUSION -> Mode.MODE_DIFFUSION;
        };
    }

    private static @Nullable RevealPolicy policy(DecodeOptions options) {
        return switch (options.getPolicy()) {
            case POLICY_UNSPECIFIED -> null;
            case POLICY_THRESHOLD -> RevealPolicy.THRESHOLD;
            case POLICY_CONFIDENT_PREFIX -> RevealPolicy.CONFIDENT_PREFIX;
            case POLICY_FIXED_STEPS -> RevealPolicy.FIXED_STEPS;
            case UNRECOGNIZED -> throw unknown("options.policy");
        };
    }

    private static @Nullable Integer blockSize(DecodeOptions options, ModelContract contract) {
        if (!options.hasBlockSize()) {
            return null;
        }
        return contract.blockCausal()
                ? Ranges.between(
                        "options.block_size", options.getBlockSize(), contract.blockSize(), contract.blockSize())
                : Ranges.between("options.block_size", options.getBlockSize(), 1, contract.maxBlockSize());
    }

    private static AdapterException unknown(String field) {
        return AdapterException.invalid(field, field + " is unknown (expected: a value of this API version)");
    }
}
