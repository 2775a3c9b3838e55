package dev.seedbed.controlplane.generation;

import java.util.List;

/** What a generation starts from. Special tokens never come from it: their spelling stays text. */
public sealed interface Prompt {

    /** Continued as it stands. */
    record Text(String text) implements Prompt {}

    /** Rendered by the model version's chat template. */
    record Chat(List<Message> messages) implements Prompt {}

    /** @param role {@code system}, {@code user} or {@code assistant} */
    record Message(String role, String content) {}
}
