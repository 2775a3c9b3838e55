package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.controlplane.generation.CallerLimits;
import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.answer.Answers;
import dev.seedbed.controlplane.generation.answer.IdempotencyKey;
import dev.seedbed.controlplane.generation.answer.Repetition;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.usage.Rejection;
import dev.seedbed.controlplane.usage.Rejections;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.ErrorType;
import dev.seedbed.controlplane.wire.GrpcError;
import dev.seedbed.controlplane.wire.SeedbedException;
import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerateResponse;
import dev.seedbed.generation.v1.GenerationServiceGrpc;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.observation.ObservationRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/** The public gRPC service; each generation runs in a virtual thread, in its call's context. */
@Service
class GenerationGrpcService implements GenerationServiceGrpc.AsyncService, BindableService {

    /** Without a deadline of the caller, the server's own bound holds. */
    private static final Duration ANY_PATIENCE = Duration.ofDays(1);

    private static final String ENDPOINT = "Generate";

    private final ApiKeys apiKeys;
    private final Answers answers;
    private final CallerLimits limits;
    private final Rejections rejections;
    private final ObservationRegistry observations;
    private final Clock clock;

    GenerationGrpcService(
            ApiKeys apiKeys,
            Answers answers,
            CallerLimits limits,
            Rejections rejections,
            ObservationRegistry observations,
            Clock clock) {
        this.apiKeys = apiKeys;
        this.answers = answers;
        this.limits = limits;
        this.rejections = rejections;
        this.clock = clock;
        this.observations = observations;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MalformedRequests.delivered(GenerationServiceGrpc.bindService(this));
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
        var client = (ServerCallStreamObserver<GenerateResponse>) responses;
        var call = CallContext.call();
        var events = new StreamedEvents(client, call);
        var inCall = Context.current().wrap(() -> run(request, client, events));
        // The trace is the thread's, unlike the context.
        var observation = observations.getCurrentObservation();
        Thread.ofVirtual()
                .name("generate-" + call.id())
                .start(observation == null ? inCall : () -> observation.scoped(inCall));
    }

    private void run(
            GenerateRequest request, ServerCallStreamObserver<GenerateResponse> client, StreamedEvents events) {
        @Nullable Caller caller = null;
        try {
            caller = authenticated();
            if (request == MalformedRequests.MALFORMED) {
                throw new SeedbedException(
                        ErrorCode.INVALID_REQUEST,
                        "request cannot be parsed (expected: GenerateRequest, texts in UTF-8)");
            }
            answers.answer(
                    caller,
                    GenerationWire.command(CallContext.requestId(), request),
                    new Repetition(IdempotencyKey.of(CallContext.idempotencyKeys()), null, clock.instant()),
                    patience(),
                    events);
        } catch (ClientGoneException gone) {
            // After a cancellation or a deadline gRPC has answered already; a stalled client is told.
            client.onError(Status.CANCELLED.withDescription(gone.getMessage()).asException());
        } catch (RuntimeException e) {
            var failure = GrpcFailures.known(e);
            CallContext.call().failed(failure);
            refused(caller, failure, events);
            client.onError(GrpcError.of(failure));
        }
    }

    private Caller authenticated() {
        var caller = apiKeys.authenticate(CallContext.authorization());
        // Of a call that is refused; an admitted one tells how its reservation left them.
        CallContext.call().authenticated(() -> limits.of(caller));
        caller.permissions().require(Scope.GENERATE);
        return caller;
    }

    private void refused(@Nullable Caller caller, SeedbedException failure, StreamedEvents events) {
        if (!events.isAdmitted() && failure.code().type() != ErrorType.INTERNAL) {
            rejections.note(Rejection.of(CallContext.requestId(), caller, ENDPOINT, failure));
        }
    }

    private static Duration patience() {
        var deadline = Context.current().getDeadline();
        return deadline == null ? ANY_PATIENCE : Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS));
    }
}
