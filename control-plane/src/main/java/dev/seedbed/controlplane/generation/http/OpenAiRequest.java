package dev.seedbed.controlplane.generation.http;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.Knobs;
import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request in OpenAI's shape, with our knobs as further top-level fields. What would change the answer and is not supported is
 * refused by name; what would not is accepted.
 *
 * @param includeUsage whether a stream ends with a chunk of usage
 */
record OpenAiRequest(GenerationCommand command, boolean stream, boolean includeUsage) {

    /** What may be asked for; all of them get what there is. */
    private enum ServiceTier {
        AUTO,
        DEFAULT,
        FLEX,
        SCALE,
        PRIORITY,
        FAST
    }

    static OpenAiRequest completion(RequestId id, ObjectNode body) {
        var fields = new Fields(body, "");
        var prompt = new Prompt.Text(prompt(fields));
        fields.refuseUnless("best_of", "1", OpenAiRequest::isOne);
        fields.refuseUnless("echo", "false", OpenAiRequest::isFalse);
        fields.refuseUnless("logprobs", "none", value -> false);
        return finish(id, Surface.COMPLETIONS, fields, prompt, fields.integer("max_tokens"), suffix(fields));
    }

    /** A completion whose {@code suffix} is what it is about. */
    static OpenAiRequest fimCompletion(RequestId id, ObjectNode body) {
        var fields = new Fields(body, "");
        var prompt = new Prompt.Text(prompt(fields));
        return finish(id, Surface.FIM_COMPLETIONS, fields, prompt, maxTokens(fields), suffix(fields));
    }

    static OpenAiRequest chatCompletion(RequestId id, ObjectNode body) {
        var fields = new Fields(body, "");
        var prompt = new Prompt.Chat(messages(fields));
        fields.refuseUnless("logprobs", "false", OpenAiRequest::isFalse);
        fields.refuseUnless("top_logprobs", "none", value -> false);
        fields.refuseUnless("tools", "none", OpenAiRequest::isEmpty);
        fields.refuseUnless("tool_choice", "none", OpenAiRequest::isNone);
        fields.refuseUnless("functions", "none", OpenAiRequest::isEmpty);
        fields.refuseUnless("function_call", "none", OpenAiRequest::isNone);
        fields.refuseUnless("response_format", "{\"type\": \"text\"}", OpenAiRequest::isTextFormat);
        fields.refuseUnless("modalities", "[\"text\"]", OpenAiRequest::isTextOnly);
        fields.refuseUnless("audio", "none", value -> false);
        fields.refuseUnless("web_search_options", "none", value -> false);
        fields.refuseUnless("moderation", "none", value -> false);
        // A hint at the answer, which can only save time.
        fields.object("prediction");
        fields.refuseUnless("reasoning_effort", "none", OpenAiRequest::isNone);
        fields.refuseUnless("verbosity", "medium", value -> value.asString("").equals("medium"));
        fields.ignore("parallel_tool_calls");
        return finish(id, Surface.CHAT_COMPLETIONS, fields, prompt, maxTokens(fields), "");
    }

    private static OpenAiRequest finish(
            RequestId id, Surface surface, Fields fields, Prompt prompt, @Nullable Long maxTokens, String suffix) {
        var model = fields.string("model");
        var stop = fields.strings("stop");
        var knobs = knobs(fields);
        var diffusing = fields.flag("diffusing");
        var stream = fields.flag("stream");
        var includeUsage = includeUsage(fields, stream);
        fields.refuseUnless("n", "1", OpenAiRequest::isOne);
        fields.refuseUnless("logit_bias", "none", OpenAiRequest::isEmpty);
        fields.refuseUnless("frequency_penalty", "0", OpenAiRequest::isZero);
        fields.refuseUnless("presence_penalty", "0", OpenAiRequest::isZero);
        fields.choice("service_tier", ServiceTier.class);
        fields.ignore(
                "user",
                "metadata",
                "store",
                "safety_identifier",
                "prompt_cache_key",
                "prompt_cache_options",
                "prompt_cache_retention");
        fields.refuseUnknown();
        return new OpenAiRequest(
                new GenerationCommand(id, surface, model, prompt, maxTokens, stop, knobs, diffusing, stream, suffix),
                stream,
                includeUsage);
    }

    private static String prompt(Fields fields) {
        var value = fields.any("prompt");
        if (value == null) {
            throw invalid("prompt", "prompt is missing (expected: a string)");
        }
        if (value.isArray() && value.size() == 1) {
            value = value.get(0);
        }
        if (!value.isString()) {
            throw fields.wrongType("prompt", value, "a string, or an array of one string");
        }
        return value.stringValue();
    }

    private static String suffix(Fields fields) {
        return Objects.requireNonNullElse(fields.string("suffix"), "");
    }

    private static List<Prompt.Message> messages(Fields fields) {
        var value = fields.any("messages");
        if (value == null) {
            throw invalid("messages", "messages is missing (expected: an array)");
        }
        if (!value.isArray()) {
            throw fields.wrongType("messages", value, "an array");
        }
        var messages = new ArrayList<Prompt.Message>();
        for (var item : value) {
            var path = "messages[%d]".formatted(messages.size());
            if (!(item instanceof ObjectNode object)) {
                throw fields.wrongType(path, item, "an object");
            }
            messages.add(message(new Fields(object, path + "."), path));
        }
        return messages;
    }

    private static Prompt.Message message(Fields fields, String path) {
        var role = fields.string("role");
        if (role == null) {
            throw invalid(path + ".role", path + ".role is missing (expected: system, user or assistant)");
        }
        var content = content(fields, path);
        fields.string("name");
        fields.refuseUnless("refusal", "none", value -> false);
        fields.refuseUnless("tool_calls", "none", OpenAiRequest::isEmpty);
        fields.ignore("annotations");
        fields.refuseUnknown();
        return new Prompt.Message(role.equals("developer") ? "system" : role, content);
    }

    /** A string, or parts of type text, whose texts are joined. */
    private static String content(Fields fields, String path) {
        var value = fields.any("content");
        if (value == null) {
            throw invalid(path + ".content", path + ".content is missing (expected: a string)");
        }
        if (value.isString()) {
            return value.stringValue();
        }
        if (!value.isArray()) {
            throw fields.wrongType("content", value, "a string, or an array of text parts");
        }
        var text = new StringBuilder();
        for (int i = 0; i < value.size(); i++) {
            var partPath = "%s.content[%d].".formatted(path, i);
            if (!(value.get(i) instanceof ObjectNode object)) {
                throw fields.wrongType("content[%d]".formatted(i), value.get(i), "a text part");
            }
            var part = new Fields(object, partPath);
            part.refuseUnless(
                    "type",
                    "text",
                    type -> type.isString() && type.stringValue().equals("text"));
            var words = part.string("text");
            part.refuseUnknown();
            if (words == null) {
                throw invalid(partPath + "text", partPath + "text is missing (expected: a string)");
            }
            text.append(words);
        }
        return text.toString();
    }

    private static @Nullable Long maxTokens(Fields fields) {
        var old = fields.integer("max_tokens");
        var current = fields.integer("max_completion_tokens");
        if (old != null && current != null && !old.equals(current)) {
            throw invalid(
                    "max_completion_tokens",
                    "max_tokens and max_completion_tokens contradict: %d and %d (expected: one of them)"
                            .formatted(old, current));
        }
        return current != null ? current : old;
    }

    private static Knobs knobs(Fields fields) {
        return new Knobs(
                fields.choice("mode", Knobs.Mode.class),
                fields.choice("policy", Knobs.Policy.class),
                fields.number("threshold"),
                fields.smallInteger("steps"),
                fields.number("edit_threshold"),
                fields.smallInteger("edit_rounds"),
                fields.smallInteger("block_size"),
                fields.smallInteger("draft_length"),
                fields.number("temperature"),
                fields.number("top_p"),
                fields.integer("seed"));
    }

    private static boolean includeUsage(Fields fields, boolean stream) {
        var options = fields.object("stream_options");
        if (options == null) {
            return false;
        }
        if (!stream) {
            throw invalid("stream_options", "stream_options without a stream (expected: stream true)");
        }
        var includeUsage = options.flag("include_usage");
        options.ignore("include_obfuscation");
        options.refuseUnknown();
        return includeUsage;
    }

    private static boolean isOne(JsonNode value) {
        return value.isNumber() && value.doubleValue() == 1;
    }

    private static boolean isZero(JsonNode value) {
        return value.isNumber() && value.doubleValue() == 0;
    }

    private static boolean isNone(JsonNode value) {
        return value.asString("").equals("none");
    }

    private static boolean isFalse(JsonNode value) {
        return value.isBoolean() && !value.booleanValue();
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isContainer() && value.isEmpty();
    }

    private static boolean isTextFormat(JsonNode value) {
        return value.isObject() && value.path("type").asString("").equals("text");
    }

    private static boolean isTextOnly(JsonNode value) {
        return value.isArray() && value.size() == 1 && value.get(0).asString("").equals("text");
    }
}
