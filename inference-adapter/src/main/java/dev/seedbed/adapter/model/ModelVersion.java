package dev.seedbed.adapter.model;

import dev.seedbed.adapter.tokenizer.ChatTemplate;
import dev.seedbed.adapter.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * A model version as its files describe it; says nothing about whether the engine serves it.
 *
 * @param chatTemplate null: the version takes no chats
 */
public record ModelVersion(
        String name,
        ModelContract contract,
        Tokenizer tokenizer,
        @Nullable ChatTemplate chatTemplate) {

    /** Spelling of the first end token, for templates; empty if it has none. */
    public String endTokenSpelling() {
        return contract.endTokenIds().stream()
                .sorted()
                .map(tokenizer::specialSpelling)
                .filter(spelling -> spelling != null)
                .findFirst()
                .orElse("");
    }
}
