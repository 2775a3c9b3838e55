package dev.seedbed.adapter.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.interpret.TemplateError.ErrorType;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import dev.seedbed.adapter.wire.AdapterException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The chat template of one model version, in the Jinja dialect of Hugging Face. It sees {@code messages},
 * {@code add_generation_prompt}, {@code eos_token} and {@code raise_exception(text)}; it reaches no file, and what users wrote
 * is never read as a template. Thread-safe.
 */
public final class ChatTemplate {

    private static final int MAX_RENDER_DEPTH = 20;
    private static final int MAX_RANGE = 10_000;
    private static final long MAX_OUTPUT_BYTES = 16L << 20;

    private static final Jinjava JINJAVA = jinjava();

    private final String source;

    public ChatTemplate(String source) {
        this.source = source;
    }

    /**
     * @param endToken spelling of the end token
     * @throws AdapterException INVALID_REQUEST with the template's own words if it refuses the chat
     */
    public RenderedChat render(List<ChatTurn> turns, Tokenizer tokenizer, String endToken) {
        UserMarks marks = new UserMarks(tokenizer.specialEdges(), turns);
        List<Map<String, String>> messages = turns.stream()
                .map(turn -> Map.of("role", turn.role(), "content", marks.marked(turn.content())))
                .toList();
        RenderResult result = JINJAVA.renderForResult(
                source,
                Map.of("messages", messages, "add_generation_prompt", true, "bos_token", "", "eos_token", endToken));
        result.getErrors().stream()
                .filter(error -> error.getSeverity() == ErrorType.FATAL)
                .findFirst()
                .ifPresent(error -> {
                    throw AdapterException.invalid(
                            "chat.messages", "chat template refused the messages: " + describe(error));
                });
        return new RenderedChat(result.getOutput(), marks.mark());
    }

    /** Called by templates, by name. */
    public static String raiseException(String message) {
        throw new IllegalArgumentException(message);
    }

    /** What the template itself said, if it raised the error. */
    private static String describe(TemplateError error) {
        Throwable cause = error.getException();
        while (cause != null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause == null || cause.getMessage() == null ? error.getMessage() : cause.getMessage();
    }

    /** The engine's own dialect differs from Python's where these are not set. */
    private static LegacyOverrides asInPython() {
        return LegacyOverrides.newBuilder()
                .withEvaluateMapKeys(true)
                .withIterateOverMapKeys(true)
                .withUsePyishObjectMapper(true)
                .withUseNaturalOperatorPrecedence(true)
                .withParseWhitespaceControlStrictly(true)
                .withUseTrimmingForNotesAndExpressions(true)
                .withHandleBackslashInQuotesOnly(true)
                .withDefaultKeepTrailingNewlineBehavior(true)
                .build();
    }

    private static Jinjava jinjava() {
        Jinjava jinjava = new Jinjava(JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withKeepTrailingNewline(false)
                .withNestedInterpretationEnabled(false)
                .withLegacyOverrides(asInPython())
                .withDisabled(Map.of(Library.TAG, Set.of("include", "import", "from", "extends")))
                .withMaxRenderDepth(MAX_RENDER_DEPTH)
                .withMaxOutputSize(MAX_OUTPUT_BYTES)
                .withRangeLimit(MAX_RANGE)
                .build());
        jinjava.setResourceLocator((name, encoding, interpreter) -> {
            throw new IllegalArgumentException("templates load no files: " + name);
        });
        jinjava.getGlobalContext()
                .registerFunction(new ELFunctionDefinition(
                        "", "raise_exception", ChatTemplate.class, "raiseException", String.class));
        return jinjava;
    }
}
