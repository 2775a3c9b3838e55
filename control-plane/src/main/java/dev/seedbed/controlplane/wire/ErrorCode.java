package dev.seedbed.controlplane.wire;

/**
 * Every error that a caller can see. The name is the {@code reason} of {@code google.rpc.ErrorInfo}; its lower-case form is the
 * {@code code} of the OpenAI body and of the problem detail.
 */
public enum ErrorCode {
    INVALID_REQUEST(ErrorType.CALLER, 400),
    CONTEXT_LENGTH_EXCEEDED(ErrorType.CALLER, 400),
    REQUEST_TOO_LARGE(ErrorType.CALLER, 413),
    INVALID_API_KEY(ErrorType.POLICY, 401),
    INVALID_ADMIN_TOKEN(ErrorType.POLICY, 401),
    PERMISSION_DENIED(ErrorType.POLICY, 403),
    NOT_FOUND(ErrorType.CALLER, 404),
    MODEL_NOT_FOUND(ErrorType.CALLER, 404),
    METHOD_NOT_ALLOWED(ErrorType.CALLER, 405),
    ALREADY_EXISTS(ErrorType.CALLER, 409),
    FAILED_PRECONDITION(ErrorType.CALLER, 409),
    /** The first request with the idempotency key still runs, elsewhere. */
    IDEMPOTENCY_IN_PROGRESS(ErrorType.CALLER, 409),
    /** The first request with the idempotency key asked for something else. */
    IDEMPOTENCY_KEY_REUSED(ErrorType.CALLER, 422),
    /** The idempotency key was used, and its answer is not there any more; it will never be generated again. */
    REPLAY_UNAVAILABLE(ErrorType.CALLER, 409),
    UNSUPPORTED_MEDIA_TYPE(ErrorType.CALLER, 415),
    /** A limit a minute or an hour, or of open requests: waiting helps. */
    RATE_LIMIT_EXCEEDED(ErrorType.RESOURCE, 429),
    BUDGET_EXCEEDED(ErrorType.RESOURCE, 429),
    /** Only requests in flight hold what is needed: may succeed a little later. */
    BUDGET_RESERVED(ErrorType.RESOURCE, 429),
    OVERLOADED(ErrorType.RESOURCE, 503),
    MODEL_UNAVAILABLE(ErrorType.DOWNSTREAM, 503),
    DEADLINE_EXCEEDED(ErrorType.DOWNSTREAM, 504),
    INTERNAL(ErrorType.INTERNAL, 500);

    private final ErrorType type;
    private final int httpStatus;

    ErrorCode(ErrorType type, int httpStatus) {
        this.type = type;
        this.httpStatus = httpStatus;
    }

    public ErrorType type() {
        return type;
    }

    public int httpStatus() {
        return httpStatus;
    }
}
