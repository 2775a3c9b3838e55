package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON of one answer, whole or in chunks. What OpenAI's clients do not know stands in objects named {@code seedbed}, which
 * they ignore.
 */
abstract sealed class OpenAiShape {

    private static final JsonMapper json = JsonMapper.shared();

    /** There is one; OpenAI answers with what was really used. */
    private static final String SERVICE_TIER = "default";

    private final String id;
    private final long createdSeconds;
    private final boolean includeUsage;

    private OpenAiShape(String id, long createdSeconds, boolean includeUsage) {
        this.id = id;
        this.createdSeconds = createdSeconds;
        this.includeUsage = includeUsage;
    }

    static OpenAiShape of(OpenAiRequest request, long createdSeconds) {
        var hex = hex(request.command().requestId());
        return switch (request.command().surface()) {
            case CHAT_COMPLETIONS -> new Chat("chatcmpl-" + hex, createdSeconds, request.includeUsage());
            default -> new Completion("cmpl-" + hex, createdSeconds, request.includeUsage());
        };
    }

    /** The same, of another request. */
    abstract OpenAiShape of(RequestId request, long created);

    boolean includesUsage() {
        return includeUsage;
    }

    private static String hex(RequestId id) {
        return id.toString().replace("-", "");
    }

    /** The first chunk, if the shape has one before any text. */
    abstract @Nullable ObjectNode opening(ModelVersion version);

    abstract ObjectNode textChunk(ModelVersion version, String text);

    /** Plain clients see a chunk without text. */
    abstract ObjectNode draftChunk(ModelVersion version, String text, int positions, int decidedPositions);

    abstract ObjectNode finishChunk(ModelVersion version, FinishReason reason, String detail);

    abstract ObjectNode whole(ModelVersion version, String text, FinishReason reason, String detail, Work work);

    /** The chunk before the end of a stream that asked for usage. */
    ObjectNode usageChunk(ModelVersion version, Work work) {
        var chunk = chunk(version);
        chunk.putArray("choices");
        chunk.set("usage", usage(work));
        return chunk;
    }

    abstract String chunkObject();

    ObjectNode envelope(String object, ModelVersion version) {
        var envelope = json.createObjectNode();
        envelope.put("id", id);
        envelope.put("object", object);
        envelope.put("created", createdSeconds);
        envelope.put("model", version.name());
        return envelope;
    }

    ObjectNode chunk(ModelVersion version) {
        var chunk = envelope(chunkObject(), version);
        if (includeUsage) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    static ObjectNode choice(ObjectNode envelope, @Nullable FinishReason reason) {
        var choice = envelope.putArray("choices").addObject();
        choice.put("index", 0);
        choice.putNull("logprobs");
        choice.put("finish_reason", reason == null ? null : reason.name().toLowerCase(Locale.ROOT));
        return choice;
    }

    static ObjectNode withDraft(ObjectNode chunk, String text, int positions, int decidedPositions) {
        var draft = chunk.putObject("seedbed").putObject("draft");
        draft.put("text", text);
        draft.put("positions", positions);
        draft.put("decided_positions", decidedPositions);
        return chunk;
    }

    static ObjectNode withDetail(ObjectNode envelope, String detail) {
        envelope.putObject("seedbed").put("finish_detail", detail);
        return envelope;
    }

    static ObjectNode usage(Work work) {
        var usage = json.createObjectNode();
        usage.put("prompt_tokens", work.inputTokens());
        usage.put("completion_tokens", work.committedTokens());
        usage.put("total_tokens", work.inputTokens() + work.committedTokens());
        usage.putObject("prompt_tokens_details").put("cached_tokens", work.cachedInputTokens());
        usage.putObject("completion_tokens_details").put("reasoning_tokens", 0);
        var ours = usage.putObject("seedbed");
        ours.put("forward_passes", work.forwardPasses());
        ours.put("positions_evaluated", work.positionsEvaluated());
        ours.put("cached_input_tokens", work.cachedInputTokens());
        ours.put("edits", work.edits());
        return usage;
    }

    /** {@code POST /v1/completions} */
    static final class Completion extends OpenAiShape {

        private Completion(String id, long createdSeconds, boolean includeUsage) {
            super(id, createdSeconds, includeUsage);
        }

        @Override
        OpenAiShape of(RequestId request, long created) {
            return new Completion("cmpl-" + hex(request), created, includesUsage());
        }

        @Override
        String chunkObject() {
            return "text_completion";
        }

        @Override
        @Nullable
        ObjectNode opening(ModelVersion version) {
            return null;
        }

        @Override
        ObjectNode textChunk(ModelVersion version, String text) {
            var chunk = chunk(version);
            choice(chunk, null).put("text", text);
            return chunk;
        }

        @Override
        ObjectNode draftChunk(ModelVersion version, String text, int positions, int decidedPositions) {
            return withDraft(textChunk(version, ""), text, positions, decidedPositions);
        }

        @Override
        ObjectNode finishChunk(ModelVersion version, FinishReason reason, String detail) {
            var chunk = chunk(version);
            choice(chunk, reason).put("text", "");
            return withDetail(chunk, detail);
        }

        @Override
        ObjectNode whole(ModelVersion version, String text, FinishReason reason, String detail, Work work) {
            var whole = envelope(chunkObject(), version);
            choice(whole, reason).put("text", text);
            whole.set("usage", usage(work));
            return withDetail(whole, detail);
        }
    }

    /** {@code POST /v1/chat/completions} */
    static final class Chat extends OpenAiShape {

        private Chat(String id, long createdSeconds, boolean includeUsage) {
            super(id, createdSeconds, includeUsage);
        }

        @Override
        OpenAiShape of(RequestId request, long created) {
            return new Chat("chatcmpl-" + hex(request), created, includesUsage());
        }

        @Override
        String chunkObject() {
            return "chat.completion.chunk";
        }

        @Override
        ObjectNode opening(ModelVersion version) {
            var chunk = chunk(version);
            choice(chunk, null).putObject("delta").put("role", "assistant").put("content", "");
            return chunk;
        }

        @Override
        ObjectNode textChunk(ModelVersion version, String text) {
            var chunk = chunk(version);
            choice(chunk, null).putObject("delta").put("content", text);
            return chunk;
        }

        @Override
        ObjectNode draftChunk(ModelVersion version, String text, int positions, int decidedPositions) {
            var chunk = chunk(version);
            choice(chunk, null).putObject("delta");
            return withDraft(chunk, text, positions, decidedPositions);
        }

        @Override
        ObjectNode finishChunk(ModelVersion version, FinishReason reason, String detail) {
            var chunk = chunk(version);
            choice(chunk, reason).putObject("delta");
            return withDetail(chunk, detail);
        }

        @Override
        ObjectNode whole(ModelVersion version, String text, FinishReason reason, String detail, Work work) {
            var whole = envelope("chat.completion", version);
            choice(whole, reason)
                    .putObject("message")
                    .put("role", "assistant")
                    .put("content", text)
                    .putNull("refusal");
            whole.set("usage", usage(work));
            return withDetail(whole, detail);
        }

        @Override
        ObjectNode envelope(String object, ModelVersion version) {
            return super.envelope(object, version).put("service_tier", SERVICE_TIER);
        }
    }
}
