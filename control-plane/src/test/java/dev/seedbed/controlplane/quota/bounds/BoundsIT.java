package dev.seedbed.controlplane.quota.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.quota.QuotaOverHttp;
import dev.seedbed.generation.v1.Bound;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerateResponse;
import dev.seedbed.generation.v1.GenerationServiceGrpc;
import dev.seedbed.generation.v1.ListLimitsRequest;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.generation.v1.Policy;
import dev.seedbed.generation.v1.UsageServiceGrpc;
import dev.seedbed.inference.v1.ModelVersionState;
import dev.seedbed.testkit.FakeInferenceServer;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
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
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/** Bounds over the admin API, and what they refuse over HTTP and gRPC before anything is reserved. */
@ControlPlaneTest
class BoundsIT extends QuotaOverHttp {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    @Autowired
    GrpcServerLifecycle grpcServer;

    @Autowired
    Models models;

    @AfterEach
    void forgetDefaults() {
        adapter.reset();
    }

    @Test
    void refuseALongOutputOnEachSurface() throws Exception {
        bound(path, "\"max_tokens\": {\"max\": 5}");

        for (var surface : List.of("/v1/completions", "/v1/chat/completions", "/v1/fim/completions")) {
            requireRefusal(
                    surface,
                    "\"max_tokens\": 6",
                    "invalid_request",
                    "max_tokens",
                    "max_tokens out of bounds: 6 (expected: at most 5, bound of the tenant)");
            assertThat(status(surface, "\"max_tokens\": 5")).isEqualTo(200);
        }
        requireGrpcRefusal(
                request().setMaxTokens(6).build(),
                "max_tokens",
                "max_tokens out of bounds: 6 (expected: at most 5, bound of the tenant)");
        assertThat(generate(request().setMaxTokens(5).build())).isNotEmpty();
    }

    @Test
    void refuseAKnobOnEachSurface() throws Exception {
        bound(keyPath, "\"block_size\": {\"min\": 4, \"max\": 8}, \"threshold\": {\"min\": 0.7}");

        for (var surface : List.of("/v1/completions", "/v1/chat/completions", "/v1/fim/completions")) {
            requireRefusal(
                    surface,
                    "\"mode\": \"diffusion\", \"block_size\": 16",
                    "invalid_request",
                    "block_size",
                    "block_size out of bounds: 16 (expected: 4..8, bound of the key)");
            requireRefusal(
                    surface,
                    "\"threshold\": 0.5",
                    "invalid_request",
                    "threshold",
                    "threshold out of bounds: 0.5 (expected: at least 0.7, bound of the key)");
        }
        requireGrpcRefusal(
                request().setOptions(DecodeOptions.newBuilder().setBlockSize(3)).build(),
                "block_size",
                "block_size out of bounds: 3 (expected: 4..8, bound of the key)");
        assertThat(status("/v1/completions", "\"mode\": \"diffusion\", \"block_size\": 8, \"threshold\": 0.7"))
                .isEqualTo(200);
    }

    @Test
    void refuseALongContextOnEachSurface() throws Exception {
        bound(path, "\"context_tokens\": {\"max\": 20}");

        requireRefusal(
                "/v1/completions",
                "\"max_tokens\": 19",
                "context_length_exceeded",
                "prompt",
                "context length exceeded: 2 prompt tokens and 19 output tokens (limit: 20, bound of the tenant)");
        assertThat(status("/v1/completions", "\"max_tokens\": 18")).isEqualTo(200);
        requireRefusal(
                "/v1/chat/completions",
                "\"max_tokens\": 20",
                "context_length_exceeded",
                "messages",
                "bound of the tenant");
        requireGrpcRefusal(request().setMaxTokens(19).build(), "prompt", "(limit: 20, bound of the tenant)");
        // Not asked for, the output is what is left.
        assertThat(status("/v1/completions", null)).isEqualTo(200);
        assertThat(adapter.requests().getLast().getMaxTokens()).isEqualTo(18);
    }

    @Test
    void refuseADefaultOnlyWhereItTakesEffect() {
        adapter.putVersion(
                FakeInferenceServer.version(FakeInferenceServer.VERSION, ModelVersionState.MODEL_VERSION_STATE_READY)
                        .toBuilder()
                        .setDefaultOptions(DecodeOptions.newBuilder()
                                .setMode(Mode.MODE_EXACT)
                                .setPolicy(Policy.POLICY_THRESHOLD)
                                .setThreshold(0.9)
                                .setBlockSize(16))
                        .build());
        Awaitility.await()
                .until(() ->
                        "exact".equals(models.resolve("seedling").defaults().mode()));
        bound(path, "\"block_size\": {\"max\": 8}");

        assertThat(status("/v1/completions", null)).isEqualTo(200);
        requireRefusal(
                "/v1/completions",
                "\"mode\": \"diffusion\"",
                "invalid_request",
                "block_size",
                "block_size out of bounds: 16, the default of seedling-v1 (expected: at most 8, bound of the tenant)");
        assertThat(status("/v1/completions", "\"mode\": \"diffusion\", \"block_size\": 8"))
                .isEqualTo(200);
    }

    @Test
    void holdOfPlanProjectAndKeyAtOnce() {
        var plan = givePlan(projectPath, "\"max_tokens\": {\"max\": 9}, \"temperature\": {\"max\": 1}");
        bound(keyPath, "\"max_tokens\": {\"max\": 7}");

        requireRefusal("/v1/completions", "\"max_tokens\": 8", "invalid_request", "max_tokens", "bound of the key)");
        requireRefusal(
                "/v1/completions",
                "\"temperature\": 1.5",
                "invalid_request",
                "temperature",
                "bound of the project's plan)");

        bound(projectPath, "\"max_tokens\": {\"max\": 5}");
        requireRefusal(
                "/v1/completions", "\"max_tokens\": 6", "invalid_request", "max_tokens", "bound of the project)");
        var shown = admin.get(projectPath + "/bounds").json();
        assertThat(shown.path("own").toString()).isEqualTo("{\"max_tokens\":{\"max\":5}}");
        assertThat(shown.path("plan").path("max_tokens").path("max").asInt()).isEqualTo(9);
        assertThat(shown.path("in_force").path("max_tokens").path("max").asInt())
                .isEqualTo(5);
        assertThat(shown.path("in_force").path("temperature").path("max").asInt())
                .isEqualTo(1);

        assertThat(admin.call("PATCH", "/plans/" + plan, "{\"bounds\": {\"temperature\": {\"max\": 2}}}")
                        .json()
                        .path("bounds")
                        .propertyNames())
                .containsExactly("temperature");
        Awaitility.await()
                .untilAsserted(() -> assertThat(status("/v1/completions", "\"max_tokens\": 5, \"temperature\": 1.5"))
                        .isEqualTo(200));
    }

    @Test
    void refuseAModeThatIsNotAllowedOnEachSurface() throws Exception {
        bound(path, "\"mode\": {\"allowed\": [\"exact\", \"autoregressive\"]}");
        var message = "mode out of bounds: diffusion (expected: one of [autoregressive, exact], bound of the tenant)";

        for (var surface : List.of("/v1/completions", "/v1/chat/completions", "/v1/fim/completions")) {
            requireRefusal(surface, "\"mode\": \"diffusion\"", "invalid_request", "mode", message);
            assertThat(status(surface, "\"mode\": \"exact\"")).isEqualTo(200);
        }
        requireGrpcRefusal(
                request()
                        .setOptions(DecodeOptions.newBuilder().setMode(Mode.MODE_DIFFUSION))
                        .build(),
                "mode",
                message);
    }

    @Test
    void allowWhatTheSubjectItselfMayEvenIfItsPlanDoesNot() {
        givePlan(projectPath, "\"policy\": {\"allowed\": [\"threshold\"]}");
        var asked = "\"mode\": \"diffusion\", \"policy\": \"confident_prefix\"";
        requireRefusal(
                "/v1/completions",
                asked,
                "invalid_request",
                "policy",
                "policy out of bounds: confident_prefix (expected: one of [threshold], bound of the project's plan)");

        bound(projectPath, "\"policy\": {\"allowed\": [\"threshold\", \"confident_prefix\", \"fixed_steps\"]}");

        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(status("/v1/completions", asked)).isEqualTo(200));
        assertThat(admin.call("PUT", path + "/bounds", "{\"bounds\": {\"mode\": {\"allowed\": [\"fast\"]}}}")
                        .text("detail"))
                .contains("bounds.mode.allowed unknown: fast (expected: allowed, some of [autoregressive, exact");
    }

    @Test
    void areShownToWhomTheyHoldFor() {
        givePlan(path, "\"threshold\": {\"min\": 0.7}");
        bound(keyPath, "\"max_tokens\": {\"max\": 9}, \"mode\": {\"allowed\": [\"exact\"]}");

        Awaitility.await()
                .untilAsserted(() -> assertThat(TestingTenant.json(tenant.get("/v1/usage/limits"))
                                .path("bounds")
                                .toString())
                        .isEqualTo(
                                "[{\"object\":\"bound\",\"subject\":\"key\",\"of_plan\":false,\"name\":\"max_tokens\","
                                        + "\"min\":null,\"max\":9,\"allowed\":null},"
                                        + "{\"object\":\"bound\",\"subject\":\"key\",\"of_plan\":false,\"name\":\"mode\","
                                        + "\"min\":null,\"max\":null,\"allowed\":[\"exact\"]},"
                                        + "{\"object\":\"bound\",\"subject\":\"tenant\",\"of_plan\":true,\"name\":\"threshold\","
                                        + "\"min\":0.7,\"max\":null,\"allowed\":null}]"));
        var overGrpc = over(channel -> UsageServiceGrpc.newBlockingStub(channel)
                .listLimits(ListLimitsRequest.getDefaultInstance())
                .getBoundsList());
        assertThat(overGrpc)
                .containsExactly(
                        Bound.newBuilder()
                                .setSubject("key")
                                .setOfPlan(false)
                                .setName("max_tokens")
                                .setMax(9)
                                .build(),
                        Bound.newBuilder()
                                .setSubject("key")
                                .setOfPlan(false)
                                .setName("mode")
                                .addAllowed("exact")
                                .build(),
                        Bound.newBuilder()
                                .setSubject("tenant")
                                .setOfPlan(true)
                                .setName("threshold")
                                .setMin(0.7)
                                .build());
    }

    @Test
    void areLiftedByAnEmptySetAndAuditedOnce() {
        bound(path, "\"max_tokens\": {\"max\": 5}");
        bound(path, "\"max_tokens\": {\"max\": 5}");
        bound(path, "");

        Awaitility.await()
                .untilAsserted(() -> assertThat(status("/v1/completions", "\"max_tokens\": 8"))
                        .isEqualTo(200));
        assertThat(admin.get("/audit_entries?resource=" + path.substring(1) + "/bounds")
                        .json()
                        .path("audit_entries")
                        .size())
                .isEqualTo(2);
        assertThat(admin.call("PUT", path + "/bounds", "{\"bounds\": {\"seed\": {\"max\": 1}}}")
                        .text("detail"))
                .contains("unknown bound: seed");
        assertThat(admin.call("PUT", path + "/bounds", "{}").status()).isEqualTo(400);
        assertThat(admin.call("PUT", path + "/bounds", "{\"bounds\": null}").status())
                .isEqualTo(400);
        assertThat(admin.get("/tenants/" + UUID.randomUUID() + "/bounds").status())
                .isEqualTo(404);
    }

    private void bound(String subject, String bounds) {
        var set = admin.call("PUT", subject + "/bounds", "{\"bounds\": {%s}}".formatted(bounds));
        assertThat(set.status()).as(set.text("detail")).isEqualTo(200);
    }

    /** Gives a subject a plan of its own. @return its name */
    private String givePlan(String subject, String bounds) {
        var plan = "plan-" + UUID.randomUUID();
        assertThat(admin.post("/plans", "{\"name\": \"%s\", \"bounds\": {%s}}".formatted(plan, bounds))
                        .status())
                .isEqualTo(201);
        assertThat(admin.call("PUT", subject + "/plan", "{\"name\": \"%s\"}".formatted(plan))
                        .status())
                .isEqualTo(200);
        return plan;
    }

    private static String body(String surface, @Nullable String fields) {
        var prompt = surface.contains("chat")
                ? "\"messages\": [{\"role\": \"user\", \"content\": \"a b\"}]"
                : "\"prompt\": \"a b\"";
        return "{%s%s}".formatted(prompt, fields == null ? "" : ", " + fields);
    }

    private int status(String surface, @Nullable String fields) {
        return tenant.post(surface, body(surface, fields)).statusCode();
    }

    private void requireRefusal(String surface, String fields, String code, String param, String message) {
        // Replicas follow within half a second.
        Awaitility.await().until(() -> status(surface, fields) == 400);
        var generations = adapter.requests().size();
        var before = tenant.budgets();

        var response = tenant.post(surface, body(surface, fields));

        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        var error = TestingTenant.json(response).path("error");
        assertThat(error.path("message").asString()).contains(message);
        assertThat(error.path("code").asString()).isEqualTo(code);
        assertThat(error.path("param").asString()).isEqualTo(param);
        assertThat(adapter.requests()).hasSize(generations);
        assertThat(tenant.budgets()).isEqualTo(before);
    }

    private void requireGrpcRefusal(GenerateRequest request, String field, String message) throws Exception {
        Awaitility.await().until(() -> grpcFailure(request) != null);
        var failure = Objects.requireNonNull(grpcFailure(request));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(failure.getStatus().getDescription()).contains(message);
        var details = Objects.requireNonNull(StatusProto.fromThrowable(failure)).getDetailsList();
        assertThat(details.get(0).unpack(ErrorInfo.class).getMetadataMap()).containsKey("subjectKind");
        assertThat(details.get(1).unpack(BadRequest.class).getFieldViolations(0).getField())
                .isEqualTo(field);
    }

    private @Nullable StatusRuntimeException grpcFailure(GenerateRequest request) {
        try {
            generate(request);
            return null;
        } catch (StatusRuntimeException failed) {
            return failed;
        }
    }

    private static GenerateRequest.Builder request() {
        return GenerateRequest.newBuilder().setPrompt("a b");
    }

    private List<GenerateResponse> generate(GenerateRequest request) {
        return over(channel -> {
            var events = new ArrayList<GenerateResponse>();
            GenerationServiceGrpc.newBlockingStub(channel).generate(request).forEachRemaining(events::add);
            return events;
        });
    }

    private <T> T over(Function<Channel, T> call) {
        var channel = NettyChannelBuilder.forAddress("127.0.0.1", grpcServer.getPort())
                .usePlaintext()
                .build();
        try {
            var headers = new Metadata();
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + tenant.key());
            return call.apply(
                    ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)));
        } finally {
            channel.shutdownNow();
        }
    }
}
