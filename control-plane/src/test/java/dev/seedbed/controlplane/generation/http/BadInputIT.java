package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.testkit.FakeInferenceServer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Every refusal has OpenAI's body, names the field at fault and leaves nothing behind. */
@ControlPlaneTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    /** One for all: refusals leave it as it was. */
    TestingTenant tenant;

    @BeforeAll
    void newTenant() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
    }

    @BeforeEach
    void forget() {
        adapter.reset();
    }

    static Stream<Arguments> completions() {
        return Stream.of(
                bad("", null),
                bad("{", null),
                bad("[]", null),
                bad("\"prompt\"", null),
                bad("{\"prompt\": \"p\"} {}", null),
                bad("{\"prompt\": \"p\", \"prompt\": \"q\"}", null),
                bad("{\"prompt\": \"p\", \"temperature\": NaN}", null),
                bad("{\"prompt\": \"p\", \"max_tokens\": " + "9".repeat(2_000) + "}", null),
                bad("[".repeat(2_000), null),
                bad("{}", "prompt"),
                bad("{\"prompt\": null}", "prompt"),
                bad("{\"prompt\": \"\"}", "prompt"),
                bad("{\"prompt\": 5}", "prompt"),
                bad("{\"prompt\": [1, 2, 3]}", "prompt"),
                bad("{\"prompt\": [\"a\", \"b\"]}", "prompt"),
                bad("{\"prompt\": \"a\\u0000b\"}", "prompt"),
                bad("{\"prompt\": \"a\\ud800b\"}", "prompt"),
                bad("{\"prompt\": \"a\\udc00\"}", "prompt"),
                bad("{\"prompt\": \"p\", \"max_tokens\": 0}", "max_tokens"),
                bad("{\"prompt\": \"p\", \"max_tokens\": -1}", "max_tokens"),
                bad("{\"prompt\": \"p\", \"max_tokens\": 513}", "max_tokens"),
                bad("{\"prompt\": \"p\", \"max_tokens\": 1.5}", "max_tokens"),
                bad("{\"prompt\": \"p\", \"max_tokens\": \"8\"}", "max_tokens"),
                bad("{\"prompt\": \"p\", \"max_tokens\": 99999999999999999999}", "max_tokens"),
                bad("{\"prompt\": \"p\", \"temperature\": \"hot\"}", "temperature"),
                bad("{\"prompt\": \"p\", \"temperature\": -0.1}", "temperature"),
                bad("{\"prompt\": \"p\", \"temperature\": 2.1}", "temperature"),
                bad("{\"prompt\": \"p\", \"temperature\": 1e400}", "temperature"),
                bad("{\"prompt\": \"p\", \"top_p\": 0}", "top_p"),
                bad("{\"prompt\": \"p\", \"top_p\": 1.01}", "top_p"),
                bad("{\"prompt\": \"p\", \"threshold\": 0}", "threshold"),
                bad("{\"prompt\": \"p\", \"steps\": 0}", "steps"),
                bad("{\"prompt\": \"p\", \"steps\": 4294967297}", "steps"),
                bad("{\"prompt\": \"p\", \"edit_threshold\": 1.5}", "edit_threshold"),
                bad("{\"prompt\": \"p\", \"edit_rounds\": -1}", "edit_rounds"),
                bad("{\"prompt\": \"p\", \"edit_rounds\": 17}", "edit_rounds"),
                bad("{\"prompt\": \"p\", \"block_size\": 17}", "block_size"),
                bad("{\"prompt\": \"p\", \"draft_length\": 0}", "draft_length"),
                bad("{\"prompt\": \"p\", \"seed\": -1}", "seed"),
                bad("{\"prompt\": \"p\", \"seed\": 9223372036854775808}", "seed"),
                bad("{\"prompt\": \"p\", \"mode\": \"magic\"}", "mode"),
                bad("{\"prompt\": \"p\", \"policy\": 1}", "policy"),
                bad("{\"prompt\": \"p\", \"stop\": \"\"}", "stop"),
                bad("{\"prompt\": \"p\", \"stop\": [\"a\", \"b\", \"c\", \"d\", \"e\"]}", "stop"),
                bad("{\"prompt\": \"p\", \"stop\": [1]}", "stop[0]"),
                bad("{\"prompt\": \"p\", \"stream\": \"yes\"}", "stream"),
                bad("{\"prompt\": \"p\", \"stream_options\": {\"include_usage\": true}}", "stream_options"),
                bad("{\"prompt\": \"p\", \"stream\": true, \"stream_options\": {\"x\": 1}}", "stream_options.x"),
                bad("{\"prompt\": \"p\", \"n\": 2}", "n"),
                bad("{\"prompt\": \"p\", \"best_of\": 2}", "best_of"),
                bad("{\"prompt\": \"p\", \"logit_bias\": {\"5\": 1}}", "logit_bias"),
                bad("{\"prompt\": \"p\", \"logprobs\": 2}", "logprobs"),
                bad("{\"prompt\": \"p\", \"echo\": true}", "echo"),
                bad("{\"prompt\": \"p\", \"suffix\": 7}", "suffix"),
                bad("{\"prompt\": \"p\", \"suffix\": \"s\\u0000\"}", "suffix"),
                bad("{\"prompt\": \"p\", \"suffix\": \"s\", \"stop\": [\"a\", \"b\", \"c\", \"d\"]}", "stop"),
                bad("{\"prompt\": \"p\", \"service_tier\": \"gold\"}", "service_tier"),
                bad("{\"prompt\": \"p\", \"presence_penalty\": 0.5}", "presence_penalty"),
                bad("{\"prompt\": \"p\", \"promt\": \"typo\"}", "promt"));
    }

    static Stream<Arguments> chats() {
        var user = "{\"role\": \"user\", \"content\": \"p\"}";
        return Stream.of(
                bad("{}", "messages"),
                bad("{\"messages\": []}", "messages"),
                bad("{\"messages\": \"p\"}", "messages"),
                bad("{\"messages\": [\"p\"]}", "messages[0]"),
                bad("{\"messages\": [{\"content\": \"p\"}]}", "messages[0].role"),
                bad("{\"messages\": [{\"role\": \"tool\", \"content\": \"p\"}]}", "messages[0].role"),
                bad("{\"messages\": [{\"role\": \"user\"}]}", "messages[0].content"),
                bad("{\"messages\": [{\"role\": \"user\", \"content\": \"a\\u0000\"}]}", "messages[0].content"),
                bad(
                        "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
                        "messages[0].content[0].type"),
                bad("{\"messages\": [%s], \"tools\": [{}]}".formatted(user), "tools"),
                bad("{\"messages\": [%s], \"tool_choice\": \"auto\"}".formatted(user), "tool_choice"),
                bad(
                        "{\"messages\": [%s], \"response_format\": {\"type\": \"json_object\"}}".formatted(user),
                        "response_format"),
                bad("{\"messages\": [%s], \"logprobs\": true}".formatted(user), "logprobs"),
                bad("{\"messages\": [%s], \"suffix\": \"s\"}".formatted(user), "suffix"),
                bad("{\"messages\": [%s], \"audio\": {}}".formatted(user), "audio"),
                bad("{\"messages\": [%s], \"reasoning_effort\": \"high\"}".formatted(user), "reasoning_effort"),
                bad(
                        "{\"messages\": [%s], \"max_tokens\": 4, \"max_completion_tokens\": 5}".formatted(user),
                        "max_completion_tokens"),
                bad("{\"messages\": [%s], \"prompt\": \"p\"}".formatted(user), "prompt"));
    }

    private static Arguments bad(String body, @Nullable String param) {
        return Arguments.of(body, param);
    }

    @ParameterizedTest
    @MethodSource("completions")
    void refusesACompletion(String body, @Nullable String param) {
        requireRefusal(tenant.post("/v1/completions", body), 400, "invalid_request", param);
    }

    @ParameterizedTest
    @MethodSource("chats")
    void refusesAChat(String body, @Nullable String param) {
        requireRefusal(tenant.post("/v1/chat/completions", body), 400, "invalid_request", param);
    }

    @Test
    void refusesAPromptLongerThanTheContext() {
        var body = "{\"prompt\": \"%s\"}".formatted("word ".repeat(FakeInferenceServer.CONTEXT_LENGTH));
        requireRefusal(tenant.post("/v1/completions", body), 400, "context_length_exceeded", "prompt");
        var chat = "{\"max_tokens\": 500, \"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]}"
                .formatted("word ".repeat(20));
        requireRefusal(tenant.post("/v1/chat/completions", chat), 400, "context_length_exceeded", "messages");
    }

    @Test
    void refusesAnUnknownModel() {
        requireRefusal(
                tenant.post("/v1/completions", "{\"prompt\": \"p\", \"model\": \"gpt-9\"}"),
                404,
                "model_not_found",
                "model");
    }

    @Test
    void refusesABodyOfTenMegabytes() {
        var body = "{\"prompt\": \"%s\"}".formatted("x".repeat(10 << 20));
        requireRefusal(tenant.post("/v1/completions", body), 413, "request_too_large", null);
    }

    @Test
    void refusesALargeBodyThatDoesNotTellItsLength() {
        var bytes = "{\"prompt\": \"%s\"}".formatted("x".repeat(2 << 20)).getBytes(StandardCharsets.UTF_8);
        var response = tenant.send(tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(bytes))));
        requireRefusal(response, 413, "request_too_large", null);
    }

    @ParameterizedTest
    @MethodSource("malformedUtf8")
    void refusesInvalidUtf8(byte[] malformed) {
        var before = "{\"prompt\": \"".getBytes(StandardCharsets.UTF_8);
        var body = new byte[before.length + malformed.length + 2];
        System.arraycopy(before, 0, body, 0, before.length);
        System.arraycopy(malformed, 0, body, before.length, malformed.length);
        body[body.length - 2] = '"';
        body[body.length - 1] = '}';
        var response = tenant.send(tenant.request("/v1/completions")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body)));
        requireRefusal(response, 400, "invalid_request", null);
    }

    static Stream<byte[]> malformedUtf8() {
        return Stream.of(
                new byte[] {(byte) 0xff},
                new byte[] {(byte) 0xc0, (byte) 0x80},
                new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80});
    }

    @ParameterizedTest
    @MethodSource("contentTypes")
    void refusesAnotherContentType(String contentType) {
        var response = tenant.send(tenant.request("/v1/completions")
                .header("Content-Type", contentType)
                .POST(BodyPublishers.ofString("{\"prompt\": \"p\"}")));
        requireRefusal(response, 415, "unsupported_media_type", null);
    }

    static Stream<String> contentTypes() {
        return Stream.of(
                "text/plain", "application/x-www-form-urlencoded", "application/json;charset=latin1", "nonsense");
    }

    @ParameterizedTest
    @MethodSource("wrongKeys")
    void refusesARequestWithoutARightKey(String authorization) {
        var response = tenant.send(
                HttpRequest.newBuilder(tenant.request("/v1/completions").build().uri())
                        .header("Authorization", authorization)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{\"prompt\": \"p\"}")));
        requireRefusal(response, 401, "invalid_api_key", null);
        assertThat(response.headers().firstValue("www-authenticate")).isPresent();
    }

    static Stream<String> wrongKeys() {
        return Stream.of("", "Bearer", "Bearer nonsense", "Basic dTpw", "Bearer sb-test-0000000000000000-wrong");
    }

    @Test
    void answersUnknownPathsAndMethodsInTheSameShape() {
        requireRefusal(tenant.get("/v1/nothing"), 404, "not_found", null);
        requireRefusal(tenant.get("/v1/completions"), 405, "method_not_allowed", null);
        requireRefusal(tenant.post("/v1/models", "{}"), 405, "method_not_allowed", null);
    }

    @Test
    void refusesASpentBudgetForGood() {
        var poor = TestingTenant.create(port, quotas, Map.of(Unit.OUTPUT_TOKEN, 4L, Unit.POSITION, 1_000L));
        var before = poor.budgets();
        var response = poor.post("/v1/completions", "{\"prompt\": \"p\", \"max_tokens\": 5}");
        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(response.headers().firstValue("x-ratelimit-remaining-tokens"))
                .hasValue("4");
        var error = TestingTenant.json(response).path("error");
        assertThat(error.path("type").asString()).isEqualTo("insufficient_quota");
        assertThat(error.path("code").asString()).isEqualTo("budget_exceeded");
        assertThat(poor.budgets()).isEqualTo(before);
    }

    @Test
    void acceptsWhatChangesNothing() {
        var own = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        var response = own.post("/v1/chat/completions", """
                {"messages": [{"role": "user", "content": "p", "name": "me"}], "model": "", "n": 1, "store": true, "tools": [],
                 "logit_bias": {}, "presence_penalty": 0, "frequency_penalty": 0.0, "response_format": {"type": "text"},
                 "logprobs": false, "tool_choice": "none", "parallel_tool_calls": true, "service_tier": "auto", "user": "u",
                 "stop": null, "temperature": null, "stream": false}
                """);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    private void requireRefusal(HttpResponse<String> response, int status, String code, @Nullable String param) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("x-request-id")).isPresent();
        assertThat(response.headers().firstValue("content-type").orElse("")).startsWith("application/json");
        var error = TestingTenant.json(response).path("error");
        assertThat(error.path("code").asString()).isEqualTo(code);
        assertThat(error.path("type").asString()).isEqualTo("invalid_request_error");
        assertThat(error.path("message").asString()).isNotBlank();
        assertThat(error.path("param").isNull() ? null : error.path("param").asString())
                .isEqualTo(param);
        assertThat(adapter.requests()).isEmpty();
        assertThat(tenant.budgets()).allSatisfy(budget -> {
            assertThat(budget.posted()).isZero();
            assertThat(budget.reserved()).isZero();
        });
    }
}
