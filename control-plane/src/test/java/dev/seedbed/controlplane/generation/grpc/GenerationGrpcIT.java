package dev.seedbed.controlplane.generation.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.generation.v1.Chat;
import dev.seedbed.generation.v1.ChatMessage;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerateResponse;
import dev.seedbed.generation.v1.GenerationServiceGrpc;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.protobuf.lite.ProtoLiteUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

@ControlPlaneTest
class GenerationGrpcIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    @LocalServerPort
    int port;

    @Autowired
    GrpcServerLifecycle grpcServer;

    @Autowired
    Quotas quotas;

    TestingTenant tenant;
    ManagedChannel channel;

    @BeforeEach
    void connect() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        channel = NettyChannelBuilder.forAddress("127.0.0.1", grpcServer.getPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void disconnect() {
        channel.shutdownNow();
    }

    @Test
    void streamsEventsFromStartedToFinished() {
        var events = generate(prompt("say three words").setDiffusing(false).build());
        assertThat(events)
                .extracting(GenerateResponse::getEventCase)
                .containsExactly(
                        GenerateResponse.EventCase.STARTED,
                        GenerateResponse.EventCase.COMMITTED,
                        GenerateResponse.EventCase.COMMITTED,
                        GenerateResponse.EventCase.COMMITTED,
                        GenerateResponse.EventCase.FINISHED);
        assertThat(events.getFirst().getStarted().getModelVersion()).isEqualTo("seedling-v1");
        var last = events.getLast();
        assertThat(last.getFinished().getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
        assertThat(last.getFinished().getDetail()).isEqualTo("end_token");
        assertThat(last.getWork().getInputTokens()).isEqualTo(3);
        assertThat(last.getWork().getCommittedTokens()).isEqualTo(3);
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(3L, 0L);
    }

    @Test
    void sendsDraftsToThoseWhoAsk() {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.draft("on░", 3, 2);
            generation.commit("one", 1);
            generation.stop();
        });
        assertThat(generate(prompt("p").setDiffusing(true).build()))
                .filteredOn(GenerateResponse::hasDraft)
                .singleElement()
                .satisfies(event -> assertThat(event.getDraft().getText()).isEqualTo("on░"));
    }

    static Stream<Arguments> badRequests() {
        Consumer<GenerateRequest.Builder> none = GenerateRequest.Builder::clearPrompt;
        return Stream.of(
                Arguments.of("input", none),
                Arguments.of("prompt", change(request -> request.setPrompt(""))),
                Arguments.of("prompt", change(request -> request.setPrompt("a\0b"))),
                Arguments.of("messages", change(request -> request.setChat(Chat.getDefaultInstance()))),
                Arguments.of(
                        "messages[0].role",
                        change(request -> request.setChat(Chat.newBuilder()
                                .addMessages(ChatMessage.newBuilder()
                                        .setRole("robot")
                                        .setContent("p"))))),
                Arguments.of("max_tokens", change(request -> request.setMaxTokens(0))),
                Arguments.of("max_tokens", change(request -> request.setMaxTokens(-5))),
                Arguments.of("max_tokens", change(request -> request.setMaxTokens(Integer.MAX_VALUE))),
                Arguments.of("stop", change(request -> request.addStop(""))),
                Arguments.of("temperature", options(options -> options.setTemperature(Double.NaN))),
                Arguments.of("temperature", options(options -> options.setTemperature(Double.POSITIVE_INFINITY))),
                Arguments.of("top_p", options(options -> options.setTopP(Double.NaN))),
                Arguments.of("threshold", options(options -> options.setThreshold(-1))),
                Arguments.of("edit_threshold", options(options -> options.setEditThreshold(Double.NaN))),
                Arguments.of("edit_rounds", options(options -> options.setEditRounds(17))),
                Arguments.of("steps", options(options -> options.setSteps(0))),
                Arguments.of("seed", options(options -> options.setSeed(-1))),
                Arguments.of("options.mode", options(options -> options.setModeValue(99))));
    }

    private static Consumer<GenerateRequest.Builder> change(Consumer<GenerateRequest.Builder> change) {
        return change;
    }

    private static Consumer<GenerateRequest.Builder> options(Consumer<DecodeOptions.Builder> change) {
        return request -> change.accept(request.getOptionsBuilder());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badRequests")
    void namesTheFieldAtFault(String field, Consumer<GenerateRequest.Builder> change) {
        var request = prompt("p");
        change.accept(request);
        var failure = refused(request.build());
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(detail(failure, ErrorInfo.class).getReason()).isEqualTo("INVALID_REQUEST");
        assertThat(detail(failure, BadRequest.class).getFieldViolations(0).getField())
                .isEqualTo(field);
        requireUntouched();
    }

    @Test
    void tellsWhichBudgetIsSpent() {
        tenant = TestingTenant.create(port, quotas, Map.of(Unit.OUTPUT_TOKEN, 2L, Unit.POSITION, 100_000L));
        var failure = refused(prompt("p").setMaxTokens(3).build());
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        var info = detail(failure, ErrorInfo.class);
        assertThat(info.getReason()).isEqualTo("BUDGET_EXCEEDED");
        assertThat(info.getDomain()).isEqualTo("seedbed.dev");
        assertThat(info.getMetadataMap()).containsEntry("unit", "OUTPUT_TOKEN").containsEntry("availableAmount", "2");
        assertThat(detail(failure, QuotaFailure.class).getViolations(0).getSubject())
                .isEqualTo("tenant:OUTPUT_TOKEN/ever");
        requireUntouched();
    }

    @Test
    void refusesACallWithoutAKeyAndOneForAnUnknownModel() {
        var anonymous = GenerationServiceGrpc.newBlockingStub(channel);
        var failure = failureOf(() -> anonymous.generate(prompt("p").build()).forEachRemaining(event -> {}));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(detail(failure, ErrorInfo.class).getReason()).isEqualTo("INVALID_API_KEY");

        var unknown = refused(prompt("p").setModel("gpt-9").build());
        assertThat(unknown.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(detail(unknown, ErrorInfo.class).getReason()).isEqualTo("MODEL_NOT_FOUND");
        requireUntouched();
    }

    @Test
    void refusesTextThatIsNotUtf8() {
        // The request's field 2 as bytes: a client whose language does not check its strings.
        MethodDescriptor<DecodeOptions, GenerateResponse> raw =
                MethodDescriptor.<DecodeOptions, GenerateResponse>newBuilder()
                        .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
                        .setFullMethodName(
                                GenerationServiceGrpc.getGenerateMethod().getFullMethodName())
                        .setRequestMarshaller(ProtoLiteUtils.marshaller(DecodeOptions.getDefaultInstance()))
                        .setResponseMarshaller(ProtoLiteUtils.marshaller(GenerateResponse.getDefaultInstance()))
                        .build();
        var malformed = DecodeOptions.newBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                2,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(ByteString.copyFrom(new byte[] {(byte) 0xff, 'a'}))
                                        .build())
                        .build())
                .build();
        var failure = failureOf(() -> ClientCalls.blockingServerStreamingCall(
                        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers())),
                        raw,
                        CallOptions.DEFAULT,
                        malformed)
                .forEachRemaining(event -> {}));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(detail(failure, ErrorInfo.class).getReason()).isEqualTo("INVALID_REQUEST");
        requireUntouched();
    }

    @Test
    void asksToRetryWhenTheEngineIsAway() {
        adapter.script((request, generation) -> generation.fail(Status.UNAVAILABLE));
        var failure = refused(prompt("p").build());
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(detail(failure, RetryInfo.class).getRetryDelay().getSeconds())
                .isPositive();
    }

    @Test
    void billsTheLastReportOfACallThatIsCancelled() throws Exception {
        var cancelled = adapter.runUntilCancelled("one ");
        var context = Context.current().withCancellation();
        context.run(() -> {
            var events = stub().generate(prompt("say it").setMaxTokens(40).build());
            events.next();
            assertThat(events.next().getCommitted().getText()).isEqualTo("one ");
        });
        context.cancel(null);
        cancelled.await();
        requireBilled(1, 3);
    }

    @Test
    void endsWithTheDeadlineOfItsCaller() throws Exception {
        var cancelled = adapter.runUntilCancelled();
        var failure = failureOf(() -> stub().withDeadlineAfter(700, TimeUnit.MILLISECONDS)
                .generate(prompt("say it").setMaxTokens(40).build())
                .forEachRemaining(event -> {}));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        cancelled.await();
        await().untilAsserted(() -> assertThat(tenant.budgets())
                .allSatisfy(budget -> assertThat(budget.reserved()).isZero()));
    }

    @Test
    void servesHealthAndReflectionWithoutAKey() throws Exception {
        var health = HealthGrpc.newBlockingStub(channel);
        await().untilAsserted(() -> assertThat(
                        health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.SERVING));

        var answer = new CompletableFuture<ServerReflectionResponse>();
        var reflection = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new StreamObserver<>() {
            @Override
            public void onNext(ServerReflectionResponse response) {
                answer.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        reflection.onNext(
                ServerReflectionRequest.newBuilder().setListServices("").build());
        assertThat(answer.get().getListServicesResponse().getServiceList())
                .extracting(service -> service.getName())
                .contains(GenerationServiceGrpc.SERVICE_NAME);
        reflection.onCompleted();
    }

    private void requireBilled(long outputTokens, long positions) {
        await().untilAsserted(() -> {
            assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(outputTokens, 0L);
            assertThat(tenant.budget(Unit.POSITION))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(positions, 0L);
        });
    }

    private void requireUntouched() {
        assertThat(adapter.requests()).isEmpty();
        assertThat(tenant.budgets()).allSatisfy(budget -> {
            assertThat(budget.posted()).isZero();
            assertThat(budget.reserved()).isZero();
        });
    }

    private static GenerateRequest.Builder prompt(String prompt) {
        return GenerateRequest.newBuilder().setModel("seedling").setPrompt(prompt);
    }

    private Metadata headers() {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + tenant.key());
        return headers;
    }

    private GenerationServiceGrpc.GenerationServiceBlockingStub stub() {
        return GenerationServiceGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers()));
    }

    private List<GenerateResponse> generate(GenerateRequest request) {
        var events = new ArrayList<GenerateResponse>();
        stub().generate(request).forEachRemaining(events::add);
        return events;
    }

    private StatusRuntimeException refused(GenerateRequest request) {
        return failureOf(() -> generate(request));
    }

    private static StatusRuntimeException failureOf(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException e) {
            return e;
        }
        throw new AssertionError("the call succeeded");
    }

    private static <T extends Message> T detail(StatusRuntimeException failure, Class<T> type) {
        var status = Objects.requireNonNull(StatusProto.fromThrowable(failure));
        return status.getDetailsList().stream()
                .filter(any -> any.is(type))
                .map(any -> {
                    try {
                        return any.unpack(type);
                    } catch (InvalidProtocolBufferException e) {
                        throw new AssertionError(e);
                    }
                })
                .findFirst()
                .orElseThrow();
    }
}
