package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.DecodingMode;
import dev.seedbed.adapter.model.ModelContract;
import dev.seedbed.adapter.wire.AdapterException;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The context check of {@code docs/sampling.md}: prompt, output, and what the mode evaluates beyond them. */
final class ContextLength {

    private ContextLength() {}

    static void check(
            ModelContract contract,
            int inputTokens,
            int maxTokens,
            @Nullable DecodingMode mode,
            @Nullable Integer blockSize,
            @Nullable Integer draftLength) {
        long positions =
                switch (Objects.requireNonNullElse(mode, contract.defaults().mode())) {
                    case AUTOREGRESSIVE -> (long) inputTokens + maxTokens;
                    case EXACT ->
                        (long) inputTokens
                                + maxTokens
                                + Objects.requireNonNullElse(
                                        draftLength, contract.defaults().draftLength());
                    case DIFFUSION -> {
                        int block = Objects.requireNonNullElse(blockSize, contract.blockSize());
                        yield contract.blockCausal()
                                ? wholeBlocks((long) inputTokens + maxTokens, block)
                                : inputTokens + wholeBlocks(maxTokens, block);
                    }
                };
        if (positions > contract.contextLength()) {
            throw AdapterException.contextLengthExceeded(
                    "context length exceeded: " + positions + " positions for " + inputTokens + " prompt tokens and "
                            + maxTokens + " output tokens (limit: " + contract.contextLength() + ")",
                    Map.of(
                            "input_tokens", Integer.toString(inputTokens),
                            "max_tokens", Integer.toString(maxTokens),
                            "positions", Long.toString(positions),
                            "context_length", Integer.toString(contract.contextLength())));
        }
    }

    private static long wholeBlocks(long positions, int block) {
        return (positions + block - 1) / block * block;
    }
}
