package dev.seedbed.controlplane.generation.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.BadRequest;
import com.google.rpc.PreconditionFailure;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerateResponse;
import dev.seedbed.generation.v1.GenerationServiceGrpc;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Metadata {@code idempotency-key} on the gRPC surface. */
@ControlPlaneTest
class GrpcIdempotencyIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final GenerateRequest REQUEST =
            GenerateRequest.newBuilder().setPrompt("say it").setMaxTokens(40).build();

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys apiKeys;

    @Autowired
    GrpcServerLifecycle grpcServer;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    TestingTenant tenant;
    ManagedChannel channel;
    AtomicReference<@Nullable Metadata> headers;

    @BeforeEach
    void connect() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        headers = new AtomicReference<>();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", grpcServer.getPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void disconnect() {
        channel.shutdownNow();
    }

    @Test
    void replaysTheSameMessagesAndGeneratesNothing() {
        var key = UUID.randomUUID().toString();
        var first = generate(key, REQUEST);
        assertThat(replayed()).isNull();
        assertThat(generate(key, REQUEST)).isEqualTo(first);
        assertThat(replayed()).isEqualTo("true");
        assertThat(header("x-ratelimit-remaining-tokens"))
                .isEqualTo(Long.toString(tenant.budget(Unit.OUTPUT_TOKEN).available()));
        assertThat(header("ratelimit")).startsWith("\"");
        assertThat(adapter.requests()).hasSize(1);
        assertThat(tenant.budget(Unit.REQUEST).posted()).isEqualTo(1);
    }

    @Test
    void refusesTheKeyForAnotherRequest() {
        var key = UUID.randomUUID().toString();
        generate(key, REQUEST);
        var reused = failureOf(key, REQUEST.toBuilder().setMaxTokens(41).build());
        assertThat(reused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(Objects.requireNonNull(StatusProto.fromThrowable(reused)).getDetailsList())
                .anyMatch(detail -> detail.is(PreconditionFailure.class));
        assertThat(adapter.requests()).hasSize(1);
    }

    @Test
    void refusesAMalformedKey() {
        var malformed = failureOf("two words", REQUEST);
        assertThat(malformed.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(Objects.requireNonNull(StatusProto.fromThrowable(malformed)).getDetailsList())
                .anyMatch(detail -> detail.is(BadRequest.class));
    }

    @Test
    void replaysAFailureAfterExecutionBegan() {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            generation.fail(Status.INTERNAL.withDescription("engine broke"));
        });
        var key = UUID.randomUUID().toString();
        var first = failureOf(key, REQUEST);
        var again = failureOf(key, REQUEST);
        assertThat(again.getStatus().getCode()).isEqualTo(first.getStatus().getCode());
        assertThat(again.getStatus().getDescription())
                .isEqualTo(first.getStatus().getDescription());
        assertThat(adapter.requests()).hasSize(1);
    }

    @Test
    void goesOnAfterACancellationAndGivesTheWholeAnswerToWhoComesBack() throws Exception {
        var go = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(go));
        var key = UUID.randomUUID().toString();
        var context = Context.current().withCancellation();
        context.run(() -> {
            var events = stub(key).generate(REQUEST);
            events.next();
            assertThat(events.next().getCommitted().getText()).isEqualTo("one ");
        });
        context.cancel(null);
        go.countDown();
        var events = new ArrayList<GenerateResponse>();
        await().untilAsserted(() -> {
            events.clear();
            events.addAll(generate(key, REQUEST));
        });
        assertThat(events)
                .filteredOn(GenerateResponse::hasCommitted)
                .extracting(event -> event.getCommitted().getText())
                .containsExactly("one ", "two");
        assertThat(events.getLast().hasFinished()).isTrue();
        assertThat(adapter.requests()).hasSize(1);
    }

    @Test
    void answersWithoutRetentionOnce() {
        tenant.retainAnswers(jdbc, apiKeys, 0);
        var key = UUID.randomUUID().toString();
        generate(key, REQUEST);
        await().untilAsserted(() -> {
            var again = failureOf(key, REQUEST);
            assertThat(again.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(again.getStatus().getDescription()).contains("is not kept");
        });
        assertThat(adapter.requests()).hasSize(1);
    }

    private @Nullable String replayed() {
        return header("idempotency-replayed");
    }

    private @Nullable String header(String name) {
        return Objects.requireNonNull(headers.get()).get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }

    private GenerationServiceGrpc.GenerationServiceBlockingStub stub(String key) {
        var request = new Metadata();
        request.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + tenant.key());
        request.put(Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER), key);
        return GenerationServiceGrpc.newBlockingStub(channel)
                .withInterceptors(
                        MetadataUtils.newAttachHeadersInterceptor(request),
                        MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
    }

    private List<GenerateResponse> generate(String key, GenerateRequest request) {
        var events = new ArrayList<GenerateResponse>();
        stub(key).generate(request).forEachRemaining(events::add);
        return events;
    }

    private StatusRuntimeException failureOf(String key, GenerateRequest request) {
        try {
            generate(key, request);
        } catch (StatusRuntimeException e) {
            return e;
        }
        throw new AssertionError("the call succeeded");
    }
}
