package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.generation.v1.FinishReason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

@ControlPlaneTest
class FimIT {

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        ControlPlaneTest.ADAPTER.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
        ControlPlaneTest.ADAPTER.script((request, generation) -> {
            generation.prefill();
            generation.commit("sum += x;", 3);
            generation.commit("\n    ", 1);
            generation.finish(FinishReason.FINISH_REASON_STOP, "stop_text");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/fim/completions", "/v1/completions"})
    void endsWhereTheSuffixBegins(String path) {
        var answer = TestingTenant.json(tenant.post(path, """
                {"prompt": "for (int x : xs) ", "suffix": "\\n    return sum;\\n}", "stop": ["END"], "max_tokens": 32}
                """));
        assertThat(answer.path("object").asString()).isEqualTo("text_completion");
        assertThat(answer.path("choices").get(0).path("text").asString()).isEqualTo("sum += x;");
        assertThat(answer.path("choices").get(0).path("finish_reason").asString())
                .isEqualTo("stop");
        assertThat(ControlPlaneTest.ADAPTER.requests()).singleElement().satisfies(request -> {
            assertThat(request.getStopList()).containsExactly("END", "return sum;");
            assertThat(request.getPrompt()).isEqualTo("for (int x : xs) ");
        });
    }

    @Test
    void streamsTheSameText() throws Exception {
        var body = "{\"prompt\": \"p\", \"suffix\": \"\\n  return sum;\", \"stream\": true}";
        try (var stream = tenant.stream("/v1/fim/completions", body)) {
            var first = stream.event();
            assertThat(first.path("choices").get(0).path("text").asString()).isEqualTo("sum += x;");
            var second = stream.event();
            assertThat(second.path("choices").get(0).path("text").asString()).isEmpty();
            assertThat(second.path("choices").get(0).path("finish_reason").asString())
                    .isEqualTo("stop");
            assertThat(stream.rest()).containsExactly("[DONE]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ", \"suffix\": null", ", \"suffix\": \" \\n\""})
    void isAPlainCompletionWithoutASuffix(String suffix) {
        var answer = TestingTenant.json(tenant.post("/v1/fim/completions", "{\"prompt\": \"p\"%s}".formatted(suffix)));
        assertThat(answer.path("choices").get(0).path("text").asString()).isEqualTo("sum += x;\n    ");
        assertThat(ControlPlaneTest.ADAPTER.requests().getFirst().getStopList()).isEmpty();
    }
}
