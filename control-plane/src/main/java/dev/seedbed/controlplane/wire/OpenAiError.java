package dev.seedbed.controlplane.wire;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** An error as OpenAI's clients read it: body and headers. */
public final class OpenAiError {

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final JsonMapper json = JsonMapper.shared();

    private OpenAiError() {}

    /** {@code {"error": {message, type, param, code}}} */
    public static ObjectNode body(SeedbedException failure) {
        var body = json.createObjectNode();
        var error = body.putObject("error");
        error.put("message", failure.text());
        error.put("type", type(failure.code()));
        error.put("param", failure.param());
        error.put("code", failure.code().name().toLowerCase(Locale.ROOT));
        return body;
    }

    /** What tells a client whether and when to try again. */
    public static Map<String, String> headers(SeedbedException failure) {
        var headers = new LinkedHashMap<String, String>();
        switch (failure.code()) {
            // 409 is retried by default, and these will never change.
            case BUDGET_EXCEEDED, REPLAY_UNAVAILABLE -> headers.put("x-should-retry", "false");
            case BUDGET_RESERVED, RATE_LIMIT_EXCEEDED, OVERLOADED, MODEL_UNAVAILABLE, IDEMPOTENCY_IN_PROGRESS -> {
                var delay = Objects.requireNonNullElse(failure.retryAfter(), RETRY);
                headers.put("x-should-retry", "true");
                headers.put(
                        "retry-after",
                        Long.toString(Math.max(1, delay.plusMillis(999).toSeconds())));
                headers.put("retry-after-ms", Long.toString(Math.max(1, delay.toMillis())));
            }
            default -> {}
        }
        if (failure.metadata().get("availableAmount") instanceof String available
                && "OUTPUT_TOKEN".equals(failure.metadata().get("unit"))) {
            headers.put("x-ratelimit-remaining-tokens", available);
            headers.put("x-ratelimit-limit-tokens", failure.metadata().getOrDefault("limitAmount", "0"));
        }
        return headers;
    }

    private static String type(ErrorCode code) {
        return switch (code) {
            case INVALID_REQUEST,
                    CONTEXT_LENGTH_EXCEEDED,
                    REQUEST_TOO_LARGE,
                    INVALID_API_KEY,
                    INVALID_ADMIN_TOKEN,
                    NOT_FOUND,
                    MODEL_NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    ALREADY_EXISTS,
                    FAILED_PRECONDITION,
                    IDEMPOTENCY_IN_PROGRESS,
                    IDEMPOTENCY_KEY_REUSED,
                    REPLAY_UNAVAILABLE,
                    UNSUPPORTED_MEDIA_TYPE -> "invalid_request_error";
            case PERMISSION_DENIED -> "permission_error";
            case BUDGET_EXCEEDED -> "insufficient_quota";
            case BUDGET_RESERVED, RATE_LIMIT_EXCEEDED -> "rate_limit_error";
            case OVERLOADED, MODEL_UNAVAILABLE -> "service_unavailable_error";
            case DEADLINE_EXCEEDED, INTERNAL -> "server_error";
        };
    }
}
