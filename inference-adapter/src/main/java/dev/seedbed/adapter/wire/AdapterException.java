package dev.seedbed.adapter.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An error on its way to the caller. The message is for people; programs read code, field and details. */
public final class AdapterException extends RuntimeException {

    private final ErrorCode code;
    private final @Nullable String field;
    private final Map<String, String> details;

    private AdapterException(
            ErrorCode code,
            String message,
            @Nullable String field,
            Map<String, String> details,
            @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.field = field;
        this.details = details;
    }

    public AdapterException(ErrorCode code, String message) {
        this(code, message, null, Map.of(), null);
    }

    public AdapterException(ErrorCode code, String message, Throwable cause) {
        this(code, message, null, Map.of(), cause);
    }

    /** @param field the request field at fault, as the proto spells it */
    public static AdapterException invalid(String field, String message) {
        return new AdapterException(ErrorCode.INVALID_REQUEST, message, field, Map.of(), null);
    }

    /** @param details machine-readable facts, in tokens where they count */
    public static AdapterException contextLengthExceeded(String message, Map<String, String> details) {
        return new AdapterException(ErrorCode.CONTEXT_LENGTH_EXCEEDED, message, null, details, null);
    }

    public ErrorCode code() {
        return code;
    }

    public @Nullable String field() {
        return field;
    }

    public Map<String, String> details() {
        return details;
    }
}
