package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.model.ModelContract;
import dev.seedbed.adapter.model.ModelVersion;
import dev.seedbed.adapter.tokenizer.ChatTurn;
import dev.seedbed.adapter.tokenizer.RenderedChat;
import dev.seedbed.adapter.wire.AdapterException;
import java.util.List;
import java.util.Map;

/** What a generation starts from. */
sealed interface Prompt {

    /** Continued as it stands. */
    record Text(String text) implements Prompt {}

    /** Rendered by the version's chat template. */
    record Chat(List<ChatTurn> turns) implements Prompt {}

    /**
     * Token ids, at least one.
     *
     * @throws AdapterException INVALID_REQUEST if the version takes no such prompt or nothing is left of it;
     *     CONTEXT_LENGTH_EXCEEDED if it is too long to be worth tokenising
     */
    default int[] tokens(ModelVersion version) {
        int[] tokens = switch (this) {
            case Text prompt -> {
                refuseHopeless(version, prompt.text());
                yield version.tokenizer().encode(prompt.text());
            }
            case Chat chat -> {
                if (version.chatTemplate() == null) {
                    throw AdapterException.invalid("chat", "model version has no chat template: " + version.name());
                }
                RenderedChat rendered =
                        version.chatTemplate().render(chat.turns(), version.tokenizer(), version.endTokenSpelling());
                refuseHopeless(version, rendered.text());
                yield version.tokenizer().encode(rendered);
            }
        };
        if (tokens.length == 0) {
            throw AdapterException.invalid("input", "prompt is empty (expected: at least one token)");
        }
        return tokens;
    }

    private static void refuseHopeless(ModelVersion version, String text) {
        ModelContract contract = version.contract();
        int fewest = version.tokenizer().fewestTokens(text);
        if (fewest > contract.contextLength()) {
            throw AdapterException.contextLengthExceeded(
                    "context length exceeded: at least " + fewest + " prompt tokens (limit: " + contract.contextLength()
                            + ")",
                    Map.of(
                            "input_tokens_at_least", Integer.toString(fewest),
                            "context_length", Integer.toString(contract.contextLength())));
        }
    }
}
