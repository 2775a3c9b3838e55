package dev.seedbed.controlplane.generation.inference;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The adapter's errors in our words. Its reasons are ours where both know them; otherwise the status code decides. */
final class AdapterErrors {

    private static final String DOMAIN = "seedbed.dev";

    private AdapterErrors() {}

    static RuntimeException of(StatusException e) {
        var context = Context.current();
        if (context.isCancelled() && !(context.cancellationCause() instanceof TimeoutException)) {
            return new ClientGoneException("caller cancelled", e);
        }
        var status = e.getStatus();
        var code = code(e);
        var words = Objects.requireNonNullElse(
                status.getDescription(), status.getCode().name());
        return switch (code) {
            case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED, MODEL_NOT_FOUND ->
                new SeedbedException(code, words, field(e), e);
            case DEADLINE_EXCEEDED -> new SeedbedException(code, "deadline exceeded", null, e);
            case INTERNAL -> new SeedbedException(code, "inference failed", null, e);
            default -> new SeedbedException(code, "inference is unavailable: " + words, null, e);
        };
    }

    private static ErrorCode code(StatusException e) {
        var info = detail(e, ErrorInfo.class);
        if (info != null && info.getDomain().equals(DOMAIN)) {
            var known = Arrays.stream(ErrorCode.values())
                    .filter(code -> code.name().equals(info.getReason()))
                    .findFirst();
            if (known.isPresent()) {
                return known.get();
            }
        }
        return switch (e.getStatus().getCode()) {
            case INVALID_ARGUMENT, OUT_OF_RANGE -> ErrorCode.INVALID_REQUEST;
            case NOT_FOUND -> ErrorCode.MODEL_NOT_FOUND;
            case DEADLINE_EXCEEDED -> ErrorCode.DEADLINE_EXCEEDED;
            case RESOURCE_EXHAUSTED -> ErrorCode.OVERLOADED;
            case UNAVAILABLE, CANCELLED, ABORTED, FAILED_PRECONDITION -> ErrorCode.MODEL_UNAVAILABLE;
            default -> ErrorCode.INTERNAL;
        };
    }

    private static @Nullable String field(StatusException e) {
        var badRequest = detail(e, BadRequest.class);
        return badRequest == null || badRequest.getFieldViolationsCount() == 0
                ? null
                : badRequest.getFieldViolations(0).getField();
    }

    private static <T extends Message> @Nullable T detail(StatusException e, Class<T> type) {
        var status = StatusProto.fromThrowable(e);
        if (status == null || status.getCode() == Status.Code.OK.value()) {
            return null;
        }
        for (var any : status.getDetailsList()) {
            if (any.is(type)) {
                try {
                    return any.unpack(type);
                } catch (InvalidProtocolBufferException malformed) {
                    return null;
                }
            }
        }
        return null;
    }
}
