package dev.seedbed.adapter.wire;

import io.grpc.Status;

/** Every error that the adapter reports. The name is the {@code reason} of {@code google.rpc.ErrorInfo}. */
public enum ErrorCode {
    INVALID_REQUEST(Status.Code.INVALID_ARGUMENT),
    CONTEXT_LENGTH_EXCEEDED(Status.Code.INVALID_ARGUMENT),
    MODEL_NOT_FOUND(Status.Code.NOT_FOUND),
    /** The version's own files or the engine refuse it. */
    FAILED_PRECONDITION(Status.Code.FAILED_PRECONDITION),
    /** The engine has no place for one more request; try later. */
    OVERLOADED(Status.Code.UNAVAILABLE),
    /** The version is not loaded, or the engine is away. */
    MODEL_UNAVAILABLE(Status.Code.UNAVAILABLE),
    CANCELLED(Status.Code.CANCELLED),
    DEADLINE_EXCEEDED(Status.Code.DEADLINE_EXCEEDED),
    INTERNAL(Status.Code.INTERNAL);

    private final Status.Code status;

    ErrorCode(Status.Code status) {
        this.status = status;
    }

    public Status.Code status() {
        return status;
    }
}
