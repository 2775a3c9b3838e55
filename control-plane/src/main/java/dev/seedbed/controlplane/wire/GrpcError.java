package dev.seedbed.controlplane.wire;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.QuotaFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Objects;

/** An error as a gRPC status with {@code google.rpc} details. */
public final class GrpcError {

    /** Of every ErrorInfo. */
    public static final String DOMAIN = "seedbed.dev";

    private static final Duration RETRY = Duration.ofSeconds(1);

    private GrpcError() {}

    public static StatusException of(SeedbedException failure) {
        var code = failure.code();
        var status = Status.newBuilder().setCode(code(code).value()).setMessage(failure.text());
        status.addDetails(Any.pack(ErrorInfo.newBuilder()
                .setReason(code.name())
                .setDomain(DOMAIN)
                .putAllMetadata(failure.metadata())
                .build()));
        switch (code) {
            case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED ->
                status.addDetails(Any.pack(BadRequest.newBuilder()
                        .addFieldViolations(BadRequest.FieldViolation.newBuilder()
                                .setField(failure.param() == null ? "" : failure.param())
                                .setReason(code.name())
                                .setDescription(failure.text()))
                        .build()));
            case MODEL_NOT_FOUND ->
                status.addDetails(Any.pack(ResourceInfo.newBuilder()
                        .setResourceType("model")
                        .setDescription(failure.text())
                        .build()));
            case BUDGET_EXCEEDED -> status.addDetails(quota(failure));
            case BUDGET_RESERVED, RATE_LIMIT_EXCEEDED ->
                status.addDetails(quota(failure)).addDetails(retry(failure));
            case OVERLOADED, MODEL_UNAVAILABLE, IDEMPOTENCY_IN_PROGRESS -> status.addDetails(retry(failure));
            case IDEMPOTENCY_KEY_REUSED ->
                status.addDetails(Any.pack(PreconditionFailure.newBuilder()
                        .addViolations(PreconditionFailure.Violation.newBuilder()
                                .setType(code.name())
                                .setSubject("idempotency-key")
                                .setDescription(failure.text()))
                        .build()));
            default -> {}
        }
        return StatusProto.toStatusException(status.build());
    }

    private static Any quota(SeedbedException failure) {
        return Any.pack(QuotaFailure.newBuilder()
                .addViolations(QuotaFailure.Violation.newBuilder()
                        .setSubject("%s:%s/%s"
                                .formatted(
                                        failure.metadata().getOrDefault("subjectKind", "budget"),
                                        failure.metadata().getOrDefault("unit", ""),
                                        failure.metadata().getOrDefault("window", "")))
                        .setDescription(failure.text()))
                .build());
    }

    private static Any retry(SeedbedException failure) {
        var delay = Objects.requireNonNullElse(failure.retryAfter(), RETRY);
        return Any.pack(RetryInfo.newBuilder()
                .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                        .setSeconds(delay.toSeconds())
                        .setNanos(delay.toNanosPart()))
                .build());
    }

    private static Code code(ErrorCode code) {
        return switch (code) {
            case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED, REQUEST_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE ->
                Code.INVALID_ARGUMENT;
            case INVALID_API_KEY, INVALID_ADMIN_TOKEN -> Code.UNAUTHENTICATED;
            case PERMISSION_DENIED -> Code.PERMISSION_DENIED;
            case NOT_FOUND, MODEL_NOT_FOUND -> Code.NOT_FOUND;
            case METHOD_NOT_ALLOWED -> Code.UNIMPLEMENTED;
            case ALREADY_EXISTS -> Code.ALREADY_EXISTS;
            case FAILED_PRECONDITION, IDEMPOTENCY_KEY_REUSED, REPLAY_UNAVAILABLE -> Code.FAILED_PRECONDITION;
            case IDEMPOTENCY_IN_PROGRESS -> Code.ABORTED;
            case BUDGET_EXCEEDED, BUDGET_RESERVED, RATE_LIMIT_EXCEEDED -> Code.RESOURCE_EXHAUSTED;
            case OVERLOADED, MODEL_UNAVAILABLE -> Code.UNAVAILABLE;
            case DEADLINE_EXCEEDED -> Code.DEADLINE_EXCEEDED;
            case INTERNAL -> Code.INTERNAL;
        };
    }
}
