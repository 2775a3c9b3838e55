package dev.seedbed.adapter.wire;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.grpc.server.exception.GrpcExceptionHandler;
import org.springframework.stereotype.Component;

/** Renders errors as a gRPC status with {@code google.rpc} details. Only defects of ours are logged with a stack trace. */
@Component
public final class ErrorStatus implements GrpcExceptionHandler {

    private static final String DOMAIN = "seedbed.dev";
    private static final Logger log = LoggerFactory.getLogger(ErrorStatus.class);

    @Override
    public @Nullable StatusException handleException(Throwable exception) {
        return of(exception);
    }

    public static StatusException of(Throwable exception) {
        if (exception instanceof AdapterException known) {
            return render(known);
        }
        log.error("internal error", exception);
        return render(new AdapterException(ErrorCode.INTERNAL, "internal error"));
    }

    private static StatusException render(AdapterException exception) {
        String message = Objects.requireNonNullElse(exception.getMessage(), "");
        ErrorInfo.Builder info =
                ErrorInfo.newBuilder().setReason(exception.code().name()).setDomain(DOMAIN);
        info.putAllMetadata(exception.details());
        com.google.rpc.Status.Builder status = com.google.rpc.Status.newBuilder()
                .setCode(exception.code().status().value())
                .setMessage(message)
                .addDetails(Any.pack(info.build()));
        if (exception.field() != null) {
            status.addDetails(Any.pack(BadRequest.newBuilder()
                    .addFieldViolations(BadRequest.FieldViolation.newBuilder()
                            .setField(exception.field())
                            .setDescription(message))
                    .build()));
        }
        return StatusProto.toStatusException(status.build());
    }
}
