package dev.seedbed.controlplane.wire;

import org.jspecify.annotations.Nullable;

/** An error on its way to the caller: features throw it, the surfaces render it. */
public final class SeedbedException extends RuntimeException {

    private final ErrorCode code;
    private final @Nullable String param;

    public SeedbedException(ErrorCode code, String message) {
        this(code, message, null, null);
    }

    /** @param param the request field at fault, as the caller spells it */
    public SeedbedException(ErrorCode code, String message, @Nullable String param, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.param = param;
    }

    public static SeedbedException invalid(String param, String message) {
        return new SeedbedException(ErrorCode.INVALID_REQUEST, message, param, null);
    }

    public ErrorCode code() {
        return code;
    }

    public @Nullable String param() {
        return param;
    }
}
