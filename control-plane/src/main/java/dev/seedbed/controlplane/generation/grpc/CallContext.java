package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.controlplane.generation.answer.IdempotencyKey;
import dev.seedbed.controlplane.wire.RequestId;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Clock;
import java.util.List;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.stereotype.Component;

/** Gives every call its id, in the context and in the response's headers, and keeps its authorization for the service. */
@Component
@GlobalServerInterceptor
class CallContext implements ServerInterceptor {

    private static final Context.Key<Call> CALL = Context.key("call");
    private static final Context.Key<String> AUTHORIZATION = Context.key("authorization");
    private static final Context.Key<List<String>> IDEMPOTENCY_KEYS = Context.key("idempotency-keys");
    private static final Metadata.Key<String> IDEMPOTENCY_KEY_HEADER =
            Metadata.Key.of(IdempotencyKey.HEADER, Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> AUTHORIZATION_HEADER =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Clock clock;

    CallContext(Clock clock) {
        this.clock = clock;
    }

    static RequestId requestId() {
        return call().id();
    }

    /** The call that is being answered. */
    static Call call() {
        return CALL.get();
    }

    static @Nullable String authorization() {
        return AUTHORIZATION.get();
    }

    static List<String> idempotencyKeys() {
        return IDEMPOTENCY_KEYS.get();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        var id = RequestId.next(clock);
        var known = new Call(id);
        var keys = headers.getAll(IDEMPOTENCY_KEY_HEADER);
        var context = Context.current()
                .withValue(CALL, known)
                .withValue(AUTHORIZATION, headers.get(AUTHORIZATION_HEADER))
                .withValue(
                        IDEMPOTENCY_KEYS,
                        keys == null
                                ? List.of()
                                : StreamSupport.stream(keys.spliterator(), false)
                                        .toList());
        return Contexts.interceptCall(
                context,
                new SimpleForwardingServerCall<>(call) {
                    private boolean headersSent;

                    @Override
                    public void sendHeaders(Metadata responseHeaders) {
                        headersSent = true;
                        known.describe(responseHeaders);
                        super.sendHeaders(responseHeaders);
                    }

                    @Override
                    public void close(Status status, Metadata trailers) {
                        if (!headersSent) {
                            known.describe(trailers);
                        }
                        super.close(status, trailers);
                    }
                },
                headers,
                next);
    }
}
