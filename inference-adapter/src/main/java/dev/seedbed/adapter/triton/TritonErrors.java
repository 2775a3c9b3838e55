package dev.seedbed.adapter.triton;

import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import io.grpc.Status;
import java.util.Objects;
import java.util.regex.Pattern;

/** What Triton's errors mean to our callers. */
final class TritonErrors {

    private static final Pattern REQUEST_ID = Pattern.compile("^\\[request id: [^\\]]*\\] *");
    // The one UNAVAILABLE that passes by itself: `max_inflight` of docs/triton-protocol.md.
    private static final String NO_PLACE = "requests in flight";

    private TritonErrors() {}

    static AdapterException of(Throwable failure) {
        if (failure instanceof AdapterException known) {
            return known;
        }
        Status status = Status.fromThrowable(failure);
        String text = REQUEST_ID
                .matcher(Objects.requireNonNullElse(
                        status.getDescription(), status.getCode().name()))
                .replaceFirst("");
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
}
