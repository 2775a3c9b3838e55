package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.Generations;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.ErrorCode;
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
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Service;

/** The public gRPC service; each generation runs in a virtual thread, in its call's context. */
@Service
class GenerationGrpcService implements GenerationServiceGrpc.AsyncService, BindableService {

    private static final Logger log = LoggerFactory.getLogger(GenerationGrpcService.class);

    /** Without a deadline of the caller, the server's own bound holds. */
    private static final Duration ANY_PATIENCE = Duration.ofDays(1);

    private final ApiKeys apiKeys;
    private final Generations generations;
    private final ObservationRegistry observations;

    GenerationGrpcService(ApiKeys apiKeys, Generations generations, ObservationRegistry observations) {
        this.apiKeys = apiKeys;
        this.generations = generations;
        this.observations = observations;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MalformedRequests.delivered(GenerationServiceGrpc.bindService(this));
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
        var client = (ServerCallStreamObserver<GenerateResponse>) responses;
        var id = CallContext.requestId();
        var events = new StreamedEvents(client, id);
        var inCall = Context.current().wrap(() -> run(request, client, events));
        // The trace is the thread's, unlike the context.
        var observation = observations.getCurrentObservation();
        Thread.ofVirtual()
                .name("generate-" + id)
                .start(observation == null ? inCall : () -> observation.scoped(inCall));
    }

    private void run(
            GenerateRequest request, ServerCallStreamObserver<GenerateResponse> client, StreamedEvents events) {
        try {
            Caller caller = apiKeys.authenticate(CallContext.authorization());
            if (request == MalformedRequests.MALFORMED) {
                throw new SeedbedException(
                        ErrorCode.INVALID_REQUEST,
                        "request cannot be parsed (expected: GenerateRequest, texts in UTF-8)");
            }
            generations.generate(caller, GenerationWire.command(CallContext.requestId(), request), patience(), events);
        } catch (SeedbedException failure) {
            client.onError(GrpcError.of(failure));
        } catch (ClientGoneException gone) {
            // After a cancellation or a deadline gRPC has answered already; a stalled client is told.
            client.onError(Status.CANCELLED.withDescription(gone.getMessage()).asException());
        } catch (RuntimeException e) {
            client.onError(GrpcError.of(known(e)));
        }
    }

    private static SeedbedException known(RuntimeException failure) {
        if (DatabaseFailure.mayPass(failure)) {
            log.warn("database failure: {}", failure.toString());
            return DatabaseFailure.of(failure);
        }
        log.error("internal error", failure);
        return new SeedbedException(ErrorCode.INTERNAL, "internal error");
    }

    private static Duration patience() {
        var deadline = Context.current().getDeadline();
        return deadline == null ? ANY_PATIENCE : Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS));
    }
}
