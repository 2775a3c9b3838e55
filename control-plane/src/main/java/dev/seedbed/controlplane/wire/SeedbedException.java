package dev.seedbed.controlplane.wire;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An error on its way to the caller: features throw it, the surfaces render it. */
public class SeedbedException extends RuntimeException {

    private final ErrorCode code;
    private final @Nullable String param;
    private final Map<String, String> metadata;
    private final @Nullable Duration retryAfter;

    public SeedbedException(ErrorCode code, String message) {
        this(code, message, null, null);
    }

    /** @param param the request field at fault, as the caller spells it */
    public SeedbedException(ErrorCode code, String message, @Nullable String param, @Nullable Throwable cause) {
        this(code, message, param, cause, Map.of(), null);
    }

    /** For a subclass that knows more of it. */
    protected SeedbedException(SeedbedException error) {
        this(error.code, error.text(), error.param, error.getCause(), error.metadata, error.retryAfter);
    }

    private SeedbedException(
            ErrorCode code,
            String message,
            @Nullable String param,
            @Nullable Throwable cause,
            Map<String, String> metadata,
            @Nullable Duration retryAfter) {
        super(message, cause);
        this.code = code;
        this.param = param;
        this.metadata = metadata;
        this.retryAfter = retryAfter;
    }

    public static SeedbedException invalid(String param, String message) {
        return new SeedbedException(ErrorCode.INVALID_REQUEST, message, param, null);
    }

    /** @param metadata facts for programs; lowerCamelCase keys that name the unit */
    public SeedbedException with(Map<String, String> metadata) {
        return new SeedbedException(code, text(), param, getCause(), Map.copyOf(metadata), retryAfter);
    }

    /** @param delay after which a repetition may succeed, > 0 */
    public SeedbedException retryAfter(Duration delay) {
        return new SeedbedException(code, text(), param, getCause(), metadata, delay);
    }

    /** When a repetition may succeed; null: the code's own rule holds. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }

    public Map<String, String> metadata() {
        return metadata;
    }

    /** The message, never null. */
    public final String text() {
        return String.valueOf(getMessage());
    }

    public ErrorCode code() {
        return code;
    }

    public @Nullable String param() {
        return param;
    }
}
