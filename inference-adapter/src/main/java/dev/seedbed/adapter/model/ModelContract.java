package dev.seedbed.adapter.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What the adapter needs of {@code contract.json}; the engine checks the whole of it.
 *
 * @param contextLength prompt and output together, in tokens
 * @param blockSize default block of {@code diffusion}, in positions
 * @param maxBlockSize largest block and draft that a request may ask for
 * @param blockCausal blocks lie on a grid from position 0, and only {@code blockSize} is served
 * @param controlIds ids with a role: mask, pad, end, forbidden
 */
public record ModelContract(
        int vocabSize,
        int contextLength,
        int blockSize,
        int maxBlockSize,
        boolean blockCausal,
        List<DecodingMode> modes,
        int maskTokenId,
        Set<Integer> endTokenIds,
        Set<Integer> controlIds,
        Defaults defaults) {

    /** What a request gets that says nothing. */
    public record Defaults(
            DecodingMode mode,
            RevealPolicy policy,
            double threshold,
            int steps,
            double editThreshold,
            int editRounds,
            int draftLength,
            double temperature,
            double topP) {}

    private static final int FORMAT = 1;

    /** @throws IllegalArgumentException naming the field that is missing or not understood */
    static ModelContract parse(JsonNode file) {
        int format = integer(file, "format");
        if (format != FORMAT) {
            throw new IllegalArgumentException(
                    "contract.json has an unknown format: " + format + " (expected: " + FORMAT + ")");
        }
        List<DecodingMode> modes = new ArrayList<>();
        required(file, "modes").forEach(mode -> modes.add(DecodingMode.of(mode.asString())));
        int mask = integer(file, "mask_token_id");
        Set<Integer> ends = integers(file, "end_token_ids");
        Set<Integer> control = new HashSet<>(integers(file, "forbidden_output"));
        control.add(mask);
        control.addAll(ends);
        if (file.path("pad_token_id").isNumber()) {
            control.add(file.path("pad_token_id").asInt());
        }
        JsonNode defaults = required(file, "default_policy");
        return new ModelContract(
                integer(file, "vocab_size"),
                integer(file, "context_length"),
                integer(file, "block_size"),
                integer(file, "max_block_size"),
                required(file, "attention").asString().equals("block_causal"),
                List.copyOf(modes),
                mask,
                Set.copyOf(ends),
                Set.copyOf(control),
                new Defaults(
                        DecodingMode.of(required(defaults, "mode").asString()),
                        RevealPolicy.of(required(defaults, "policy").asString()),
                        required(defaults, "threshold").asDouble(),
                        integer(defaults, "steps"),
                        required(defaults, "edit_threshold").asDouble(),
                        integer(defaults, "edit_rounds"),
                        integer(defaults, "draft_length"),
                        required(defaults, "temperature").asDouble(),
                        required(defaults, "top_p").asDouble()));
    }

    private static JsonNode required(JsonNode parent, String field) {
        JsonNode value = parent.path(field);
        if (value.isMissingNode() || value.isNull()) {
            throw new IllegalArgumentException("contract.json lacks " + field);
        }
        return value;
    }

    private static int integer(JsonNode parent, String field) {
        JsonNode value = required(parent, field);
        if (!value.isInt()) {
            throw new IllegalArgumentException("contract.json has a wrong " + field + ": " + value);
        }
        return value.asInt();
    }

    private static Set<Integer> integers(JsonNode parent, String field) {
        Set<Integer> values = new HashSet<>();
        required(parent, field).forEach(value -> values.add(value.asInt()));
        return values;
    }
}
