package dev.seedbed.controlplane.generation.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.generation.v1.Amount;
import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerationServiceGrpc;
import dev.seedbed.generation.v1.GetUsageRequest;
import dev.seedbed.generation.v1.GroupBy;
import dev.seedbed.generation.v1.ListLimitsRequest;
import dev.seedbed.generation.v1.UsageServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.jdbc.core.simple.JdbcClient;

@ControlPlaneTest
class UsageGrpcIT {

    private static final GenerateRequest PROMPT =
            GenerateRequest.newBuilder().setPrompt("say it").setMaxTokens(16).build();

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
    final AtomicReference<@Nullable Metadata> headers = new AtomicReference<>();
    final AtomicReference<@Nullable Metadata> trailers = new AtomicReference<>();

    @BeforeEach
    void connect() {
        ControlPlaneTest.ADAPTER.reset();
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
    void equalsTheLedger() {
        generate(PROMPT);
        var page = usage().getUsage(GetUsageRequest.newBuilder()
                .setStartTime(Instant.now().getEpochSecond() - 60)
                .addGroupBy(GroupBy.GROUP_BY_MODEL)
                .build());
        assertThat(page.getBucketsList())
                .flatExtracting(bucket -> bucket.getResultsList())
                .singleElement()
                .satisfies(result -> {
                    assertThat(result.getModel()).isEqualTo("seedling-v1");
                    assertThat(result.getProjectId()).isEmpty();
                    assertThat(result.getAmountsList())
                            .contains(Amount.newBuilder()
                                    .setUnit("POSITION")
                                    .setAmount(tenant.budget(Unit.POSITION).posted())
                                    .build());
                });
        assertThat(page.getNextPageToken()).isEmpty();
    }

    @Test
    void refusesAFieldByName() {
        assertThatThrownBy(() -> usage().getUsage(GetUsageRequest.getDefaultInstance()))
                .hasMessageContaining("start_time");
        assertThatThrownBy(() -> usage().getUsage(GetUsageRequest.newBuilder()
                        .setStartTime(0)
                        .setPageToken("x")
                        .build()))
                .hasMessageContaining("page_token");
    }

    @Test
    void listsTheCallersLimits() {
        assertThat(usage().listLimits(ListLimitsRequest.getDefaultInstance()).getLimitsList())
                .filteredOn(limit -> limit.getUnit().equals("OUTPUT_TOKEN"))
                .singleElement()
                .satisfies(limit -> {
                    assertThat(limit.getLimit()).isEqualTo(1_000_000);
                    assertThat(limit.getSubject()).isEqualTo("tenant");
                    assertThat(limit.hasResetMs()).isFalse();
                });
    }

    @Test
    void deniesWhatTheKeyIsNotMeantFor() {
        tenant.permit(jdbc, apiKeys, "{models.read}", null);
        requireDenied(() -> generate(PROMPT));
        requireDenied(() -> usage().listLimits(ListLimitsRequest.getDefaultInstance()));
        tenant.permit(jdbc, apiKeys, "{generate}", "{another-model}");
        requireDenied(() -> generate(PROMPT));
        assertThat(ControlPlaneTest.ADAPTER.requests()).isEmpty();
    }

    @Test
    void tellsWhatIsLeftInTheMetadata() {
        generate(PROMPT);
        assertThat(told(headers, "x-ratelimit-remaining-tokens")).isEqualTo("999984");
        assertThat(told(headers, "x-request-id")).hasSize(36);
        assertThatThrownBy(() -> generate(PROMPT.toBuilder().setMaxTokens(0).build()))
                .isInstanceOf(StatusRuntimeException.class);
        assertThat(told(trailers, "x-ratelimit-remaining-tokens")).isEqualTo("999997");
        assertThat(told(trailers, "openai-processing-ms")).isNotNull();
    }

    @Test
    void endsAnswersWhereTheSuffixBegins() {
        generate(PROMPT.toBuilder().setSuffix("\n  return sum;\n").build());
        assertThat(ControlPlaneTest.ADAPTER.requests().getFirst().getStopList()).containsExactly("return sum;");
    }

    private void generate(GenerateRequest request) {
        with(GenerationServiceGrpc.newBlockingStub(channel)).generate(request).forEachRemaining(event -> {});
    }

    private UsageServiceGrpc.UsageServiceBlockingStub usage() {
        return with(UsageServiceGrpc.newBlockingStub(channel));
    }

    private <S extends AbstractStub<S>> S with(S stub) {
        var metadata = new Metadata();
        metadata.put(key("authorization"), "Bearer " + tenant.key());
        return stub.withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(metadata),
                MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    }

    private static @Nullable String told(AtomicReference<@Nullable Metadata> metadata, String name) {
        return Objects.requireNonNull(metadata.get()).get(key(name));
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    private static void requireDenied(Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        denied -> assertThat(denied.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED));
    }
}
