package dev.seedbed.adapter.triton;

import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import io.grpc.Status;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** What Triton's errors mean to our callers. */
final class TritonErrors {

    private static final Pattern REQUEST_ID = Pattern.compile("^\\[request id: [^\\]]*\\] *");
    // A stream's error has no code. The backend writes it before its text; Triton's own errors are known by their
    // words.
    private static final Map<String, Status> BACKEND_CODES = Map.of(
            "Invalid argument: ", Status.INVALID_ARGUMENT,
            "Unavailable: ", Status.UNAVAILABLE,
            "Internal: ", Status.INTERNAL);
    private static final Pattern NOT_SERVED =
            Pattern.compile("Request for unknown model|is not at ready state|has no available versions");
    // The one UNAVAILABLE that passes by itself: `max_inflight` of docs/triton-protocol.md.
    private static final String NO_PLACE = "requests in flight";

    private TritonErrors() {}

    /** @param text the error of a response that came on an otherwise healthy stream */
    static AdapterException ofStreamText(String text) {
        String words = withoutRequestId(text);
        for (Map.Entry<String, Status> code : BACKEND_CODES.entrySet()) {
            if (words.startsWith(code.getKey())) {
                return of(code.getValue()
                        .withDescription(words.substring(code.getKey().length()))
                        .asException());
            }
        }
        Status status = NOT_SERVED.matcher(words).find() ? Status.NOT_FOUND : Status.INTERNAL;
        return of(status.withDescription(words).asException());
    }

    static AdapterException of(Throwable failure) {
        if (failure instanceof AdapterException known) {
            return known;
        }
        Status status = Status.fromThrowable(failure);
        String text = withoutRequestId(Objects.requireNonNullElse(
                status.getDescription(), status.getCode().name()));
        return switch (status.getCode()) {
            case INVALID_ARGUMENT, OUT_OF_RANGE -> new AdapterException(ErrorCode.INVALID_REQUEST, text, failure);
            // The adapter refuses names that its repository lacks, so what Triton does not find is not loaded.
            case NOT_FOUND, FAILED_PRECONDITION ->
                new AdapterException(ErrorCode.MODEL_UNAVAILABLE, "model version not loaded: " + text, failure);
            case UNAVAILABLE ->
                text.contains(NO_PLACE)
                        ? new AdapterException(ErrorCode.OVERLOADED, text, failure)
                        : new AdapterException(ErrorCode.MODEL_UNAVAILABLE, "engine unavailable: " + text, failure);
            case CANCELLED -> new AdapterException(ErrorCode.CANCELLED, "cancelled", failure);
            case DEADLINE_EXCEEDED -> new AdapterException(ErrorCode.DEADLINE_EXCEEDED, "deadline exceeded", failure);
            default -> new AdapterException(ErrorCode.INTERNAL, "engine failed: " + text, failure);
        };
    }

    private static String withoutRequestId(String text) {
        return REQUEST_ID.matcher(text).replaceFirst("");
    }
}
