package dev.seedbed.controlplane.generation;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Holds a command against its model version. Names of fields are those of the HTTP API and of the protos. Pure. */
final class CommandCheck {

    private static final int MOST_EDIT_ROUNDS = 16;
    private static final int DEFAULT_MAX_TOKENS = 256;
    private static final int MAX_STOPS = 4;
    private static final int MAX_STOP_CHARS = 256;
    private static final Set<String> ROLES = Set.of("system", "user", "assistant");

    private CommandCheck() {}

    /** What can be refused without knowing the prompt's tokens. */
    static void check(GenerationCommand command, ModelVersion version) {
        prompt(command.prompt());
        suffix(command);
        stop(command.stop(), Infill.asksFor(command) ? MAX_STOPS - 1 : MAX_STOPS);
        if (command.maxTokens() != null) {
            range("max_tokens", command.maxTokens(), 1, version.contextLengthTokens());
        }
        knobs(command.knobs(), version);
    }

    /** Output tokens to reserve. @throws SeedbedException CONTEXT_LENGTH_EXCEEDED */
    static int maxTokens(GenerationCommand command, ModelVersion version, int inputTokens, List<BoundInForce> bounds) {
        var left = version.contextLengthTokens() - inputTokens;
        var wanted = command.maxTokens();
        if (wanted == null) {
            // A canvas is always a whole block, and drafts reach beyond the output.
            var safe = Math.min(DEFAULT_MAX_TOKENS, left - version.maxBlockSize());
            wanted = Math.max(1, Math.min(safe, BoundsHeld.mostOutput(bounds, inputTokens)));
        }
        if (wanted > left) {
            throw new SeedbedException(
                            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                            "context length exceeded: %d prompt tokens and %d output tokens (limit: %d)"
                                    .formatted(inputTokens, wanted, version.contextLengthTokens()),
                            promptField(command),
                            null)
                    .with(Map.of(
                            "inputTokens", Integer.toString(inputTokens),
                            "maxTokens", Long.toString(wanted),
                            "contextLengthTokens", Integer.toString(version.contextLengthTokens())));
        }
        BoundsHeld.checkContext(command, bounds, inputTokens, wanted);
        return Math.toIntExact(wanted);
    }

    static String promptField(GenerationCommand command) {
        return command.prompt() instanceof Prompt.Chat ? "messages" : "prompt";
    }

    private static void prompt(Prompt prompt) {
        switch (prompt) {
            case Prompt.Text(var text) -> {
                if (text.isEmpty()) {
                    throw invalid("prompt", "prompt is empty (expected: at least one character)");
                }
                text("prompt", text);
            }
            case Prompt.Chat(var messages) -> {
                if (messages.isEmpty()) {
                    throw invalid("messages", "messages is empty (expected: at least one)");
                }
                for (int i = 0; i < messages.size(); i++) {
                    var message = messages.get(i);
                    if (!ROLES.contains(message.role())) {
                        throw invalid(
                                "messages[%d].role".formatted(i),
                                "role unknown: %s (expected: system, user or assistant)"
                                        .formatted(Quote.of(message.role())));
                    }
                    text("messages[%d].content".formatted(i), message.content());
                }
            }
        }
    }

    private static void suffix(GenerationCommand command) {
        text("suffix", command.suffix());
        if (!command.suffix().isEmpty() && command.prompt() instanceof Prompt.Chat) {
            throw invalid("suffix", "suffix beside a chat (expected: only beside prompt)");
        }
    }

    /** @param most a suffix takes the place of one */
    private static void stop(List<String> stop, int most) {
        if (stop.size() > most) {
            throw invalid(
                    "stop",
                    "too many stop texts: %d (expected: at most %d%s)"
                            .formatted(stop.size(), most, most < MAX_STOPS ? " beside a suffix" : ""));
        }
        for (var text : stop) {
            if (text.isEmpty() || text.length() > MAX_STOP_CHARS) {
                throw invalid(
                        "stop",
                        "stop text out of range: %d characters (expected: 1..%d)"
                                .formatted(text.length(), MAX_STOP_CHARS));
            }
            text("stop", text);
        }
    }

    /** NUL and lone surrogates are no text: no UTF-8 stands for the one, and the other ends strings elsewhere. */
    private static void text(String param, String text) {
        for (int i = 0; i < text.length(); i++) {
            var unit = text.charAt(i);
            if (unit == 0) {
                throw invalid(param, "%s holds a NUL character at index %d (expected: text)".formatted(param, i));
            }
            if (!Character.isSurrogate(unit)) {
                continue;
            }
            if (!Character.isHighSurrogate(unit)
                    || i + 1 == text.length()
                    || !Character.isLowSurrogate(text.charAt(i + 1))) {
                throw invalid(param, "%s holds a lone surrogate at index %d (expected: text)".formatted(param, i));
            }
            i++;
        }
    }

    private static void knobs(Knobs knobs, ModelVersion version) {
        var mode = knobs.mode();
        if (mode != null && !version.modes().contains(mode.name().toLowerCase(Locale.ROOT))) {
            throw invalid(
                    "mode",
                    "mode not offered by %s: %s (expected: one of %s)"
                            .formatted(
                                    version.name(),
                                    mode.name().toLowerCase(Locale.ROOT),
                                    version.modes().stream().sorted().toList()));
        }
        within("threshold", knobs.threshold(), 0, false, 1);
        within("edit_threshold", knobs.editThreshold(), 0, false, 1);
        range("edit_rounds", knobs.editRounds(), 0, MOST_EDIT_ROUNDS);
        within("top_p", knobs.topP(), 0, false, 1);
        within("temperature", knobs.temperature(), 0, true, 2);
        range("steps", knobs.steps(), 1, version.maxBlockSize());
        range("block_size", knobs.blockSize(), 1, version.maxBlockSize());
        range("draft_length", knobs.draftLength(), 1, version.maxBlockSize());
        range("seed", knobs.seed(), 0, Long.MAX_VALUE);
    }

    private static void range(String param, @Nullable Number value, long low, long high) {
        if (value != null && (value.longValue() < low || value.longValue() > high)) {
            throw invalid(
                    param,
                    high == Long.MAX_VALUE
                            ? "%s out of range: %s (expected: >= %d)".formatted(param, value, low)
                            : "%s out of range: %s (expected: %d..%d)".formatted(param, value, low, high));
        }
    }

    private static void within(String param, @Nullable Double value, double low, boolean lowIncluded, double high) {
        // Written so that NaN fails.
        if (value != null && !((lowIncluded ? value >= low : value > low) && value <= high)) {
            throw invalid(
                    param,
                    "%s out of range: %s (expected: %s%.0f, %.0f])"
                            .formatted(param, value, lowIncluded ? "[" : "(", low, high));
        }
    }
}
