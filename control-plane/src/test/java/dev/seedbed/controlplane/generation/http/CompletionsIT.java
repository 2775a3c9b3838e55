package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.testkit.FakeInferenceServer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@ControlPlaneTest
class CompletionsIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
    }

    @Test
    void answersACompletionInOnePiece() {
        var response = tenant.post("/v1/completions", """
                {"model": "seedling", "prompt": "say three words", "max_tokens": 16, "user": "u", "metadata": {"a": "b"}, "n": 1}
                """);
        assertThat(response.statusCode()).isEqualTo(200);
        var answer = TestingTenant.json(response);
        assertThat(answer.path("object").asString()).isEqualTo("text_completion");
        assertThat(answer.path("id").asString()).startsWith("cmpl-");
        assertThat(answer.path("created").asLong()).isPositive();
        assertThat(answer.path("model").asString()).isEqualTo("seedling-v1");
        var choice = answer.path("choices").get(0);
        assertThat(choice.path("text").asString()).isEqualTo("one two three");
        assertThat(choice.path("finish_reason").asString()).isEqualTo("stop");
        assertThat(choice.path("index").asInt()).isZero();
        var usage = answer.path("usage");
        assertThat(usage.path("prompt_tokens").asInt()).isEqualTo(3);
        assertThat(usage.path("completion_tokens").asInt()).isEqualTo(3);
        assertThat(usage.path("total_tokens").asInt()).isEqualTo(6);
        assertThat(usage.path("seedbed").path("forward_passes").asInt()).isEqualTo(4);
        assertThat(usage.path("seedbed").path("positions_evaluated").asInt()).isEqualTo(6);
    }

    @Test
    void hasSettledByTheTimeTheAnswerIsThere() {
        tenant.post("/v1/completions", "{\"prompt\": \"say three words\", \"max_tokens\": 16}");
        assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(3L, 0L);
        assertThat(tenant.budget(Unit.POSITION))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(6L, 0L);
        assertThat(tenant.budget(Unit.REQUEST).posted()).isEqualTo(1);
    }

    @Test
    void hasSettledByTheTimeTheStreamIsDone() throws Exception {
        try (var stream = tenant.stream("/v1/completions", "{\"prompt\": \"say it\", \"stream\": true}")) {
            for (var data = stream.data(); !data.equals("[DONE]"); data = stream.data()) {
                assertThat(data).isNotEmpty();
            }
            assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(3L, 0L);
        }
    }

    @Test
    void tellsTheRequestIdAndWhatIsLeft() {
        var response = tenant.post("/v1/completions", "{\"prompt\": \"say it\", \"max_tokens\": 16}");
        assertThat(response.headers().firstValue("x-request-id")).isPresent();
        assertThat(response.headers().firstValue("openai-processing-ms")).isPresent();
        assertThat(response.headers().firstValue("x-ratelimit-limit-tokens")).hasValue("1000000");
        assertThat(response.headers().firstValue("x-ratelimit-remaining-tokens"))
                .hasValue("999984");
        assertThat(response.headers().allValues("ratelimit")).contains("\"output-token\";r=999984");
    }

    @Test
    void streamsACompletion() throws Exception {
        try (var stream = tenant.stream("/v1/completions", "{\"prompt\": \"say it\", \"stream\": true}")) {
            assertThat(stream.response().headers().firstValue("content-type").orElseThrow())
                    .startsWith("text/event-stream");
            assertThat(stream.response().headers().firstValue("x-accel-buffering"))
                    .hasValue("no");
            var all = stream.rest();
            assertThat(all.removeLast()).isEqualTo("[DONE]");
            var chunks = all.stream().map(CompletionsIT::parse).toList();
            assertThat(chunks).allSatisfy(chunk -> {
                assertThat(chunk.path("object").asString()).isEqualTo("text_completion");
                assertThat(chunk.path("id")).isEqualTo(chunks.getFirst().path("id"));
                assertThat(chunk.has("usage")).isFalse();
            });
            assertThat(chunks)
                    .extracting(
                            chunk -> chunk.path("choices").get(0).path("text").asString())
                    .containsExactly("one ", "two ", "three", "");
            assertThat(chunks.getLast()
                            .path("choices")
                            .get(0)
                            .path("finish_reason")
                            .asString())
                    .isEqualTo("stop");
        }
    }

    @Test
    void streamsAChatWithUsageAsItsLastChunk() throws Exception {
        try (var stream = tenant.stream("/v1/chat/completions", """
                {"model": "seedling-v1", "stream": true, "stream_options": {"include_usage": true},
                 "messages": [{"role": "developer", "content": "be brief"},
                              {"role": "user", "content": [{"type": "text", "text": "say "}, {"type": "text", "text": "it"}]}]}
                """)) {
            var all = stream.rest();
            assertThat(all.removeLast()).isEqualTo("[DONE]");
            var chunks = all.stream().map(CompletionsIT::parse).toList();
            assertThat(chunks.getFirst()
                            .path("choices")
                            .get(0)
                            .path("delta")
                            .path("role")
                            .asString())
                    .isEqualTo("assistant");
            var last = chunks.getLast();
            assertThat(last.path("choices").isEmpty()).isTrue();
            assertThat(last.path("usage").path("completion_tokens").asInt()).isEqualTo(3);
            assertThat(chunks.subList(0, chunks.size() - 1)).allSatisfy(chunk -> {
                assertThat(chunk.path("object").asString()).isEqualTo("chat.completion.chunk");
                assertThat(chunk.has("usage")).isTrue();
                assertThat(chunk.path("usage").isNull()).isTrue();
            });
        }
        assertThat(adapter.requests()).singleElement().satisfies(request -> {
            assertThat(request.getChat().getMessages(0).getRole()).isEqualTo("system");
            assertThat(request.getChat().getMessages(1).getContent()).isEqualTo("say it");
        });
    }

    @Test
    void answersAChatInOnePiece() {
        var answer = TestingTenant.json(tenant.post(
                "/v1/chat/completions",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"say it\"}], \"max_completion_tokens\": 9}"));
        assertThat(answer.path("object").asString()).isEqualTo("chat.completion");
        assertThat(answer.path("id").asString()).startsWith("chatcmpl-");
        var message = answer.path("choices").get(0).path("message");
        assertThat(message.path("role").asString()).isEqualTo("assistant");
        assertThat(message.path("content").asString()).isEqualTo("one two three");
        assertThat(adapter.requests().getFirst().getMaxTokens()).isEqualTo(9);
    }

    @Test
    void hidesDraftsFromPlainClients() throws Exception {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.draft("on░ t░", 4, 2);
            generation.commit("one", 1);
            generation.stop();
        });
        try (var stream =
                tenant.stream("/v1/completions", "{\"prompt\": \"say it\", \"stream\": true, \"diffusing\": true}")) {
            var draft = stream.event();
            assertThat(draft.path("choices").get(0).path("text").asString()).isEmpty();
            assertThat(draft.path("seedbed").path("draft").path("text").asString())
                    .isEqualTo("on░ t░");
            assertThat(draft.path("seedbed")
                            .path("draft")
                            .path("decided_positions")
                            .asInt())
                    .isEqualTo(2);
            assertThat(stream.event().has("seedbed")).isFalse();
        }
        assertThat(adapter.requests().getFirst().getDiffusing()).isTrue();
    }

    @Test
    void passesEveryKnobOn() {
        tenant.post("/v1/completions", """
                {"prompt": "p", "mode": "diffusion", "policy": "fixed_steps", "threshold": 0.5, "steps": 3,
                 "edit_threshold": 0.6, "edit_rounds": 2, "block_size": 8, "draft_length": 5, "temperature": 0.7, "top_p": 0.9, "seed": 11, "stop": ["a", "b"], "max_tokens": 7}
                """);
        assertThat(adapter.requests()).singleElement().satisfies(request -> {
            var options = request.getOptions();
            assertThat(options.getMode()).isEqualTo(Mode.MODE_DIFFUSION);
            assertThat(options.getThreshold()).isEqualTo(0.5);
            assertThat(options.getSteps()).isEqualTo(3);
            assertThat(options.getEditThreshold()).isEqualTo(0.6);
            assertThat(options.getEditRounds()).isEqualTo(2);
            assertThat(options.getBlockSize()).isEqualTo(8);
            assertThat(options.getDraftLength()).isEqualTo(5);
            assertThat(options.getTemperature()).isEqualTo(0.7);
            assertThat(options.getTopP()).isEqualTo(0.9);
            assertThat(options.getSeed()).isEqualTo(11);
            assertThat(request.getStopList()).containsExactly("a", "b");
            assertThat(request.getMaxTokens()).isEqualTo(7);
            // 1 prompt token + 4 positions a token * 7 + 4 blocks of 16.
            assertThat(request.getMaxPositions()).isEqualTo(1 + 28 + 64);
        });
    }

    @Test
    void continuesByTokensWhenTheWorkLimitIsReached() {
        adapter.script((request, generation) -> {
            generation.prefill();
            var from = request.getCommittedTokenIdsCount();
            for (int token = from; token < 6; token++) {
                if (!generation.fits(40)) {
                    generation.finish(FinishReason.FINISH_REASON_LENGTH, "work_limit", "half");
                    return;
                }
                generation.evaluate(39);
                generation.commit(token + " ", 1);
            }
            generation.stop();
        });
        var answer = TestingTenant.json(tenant.post("/v1/completions", "{\"prompt\": \"p\", \"max_tokens\": 8}"));

        assertThat(answer.path("choices").get(0).path("text").asString()).isEqualTo("0 1 2 3 4 5 ");
        assertThat(answer.path("choices").get(0).path("finish_reason").asString())
                .isEqualTo("stop");
        assertThat(adapter.requests()).hasSizeGreaterThan(1);
        assertThat(adapter.requests().get(1).getCommittedTokenIdsList()).isEqualTo(List.of(100, 101));
        assertThat(adapter.requests().get(1).getMaxTokens()).isEqualTo(6);
        assertThat(answer.path("usage").path("prompt_tokens").asInt()).isEqualTo(1);
        assertThat(answer.path("usage").path("completion_tokens").asInt()).isEqualTo(6);
        assertThat(tenant.budget(Unit.POSITION).posted())
                .isEqualTo(answer.path("usage")
                        .path("seedbed")
                        .path("positions_evaluated")
                        .asLong());
        assertThat(tenant.budget(Unit.POSITION).reserved()).isZero();
    }

    @Test
    void endsWithLengthWhenTheBudgetHasNoRoomToContinue() {
        // Room for the estimate and for nothing more: 1 prompt token + 4 positions a token * 8 + 4 blocks of 16.
        quotas.setLimit(tenant.id(), Unit.POSITION, 97L);
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("some", 1);
            generation.finish(FinishReason.FINISH_REASON_LENGTH, "work_limit", " more");
        });
        var answer = TestingTenant.json(tenant.post("/v1/completions", "{\"prompt\": \"p\", \"max_tokens\": 8}"));
        assertThat(answer.path("choices").get(0).path("text").asString()).isEqualTo("some more");
        assertThat(answer.path("choices").get(0).path("finish_reason").asString())
                .isEqualTo("length");
        assertThat(answer.path("seedbed").path("finish_detail").asString()).isEqualTo("work_limit");
        assertThat(adapter.requests()).hasSize(1);
    }

    @Test
    void listsWhatCanBeAskedFor() {
        var listed = TestingTenant.json(tenant.get("/v1/models"));
        assertThat(listed.path("object").asString()).isEqualTo("list");
        assertThat(listed.path("data"))
                .extracting(model -> model.path("id").asString())
                .contains("seedling", "seedling-v1");
        assertThat(listed.path("data")).allSatisfy(model -> {
            assertThat(model.path("object").asString()).isEqualTo("model");
            assertThat(model.path("created").asLong()).isPositive();
        });
        assertThat(tenant.get("/v1/models/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void findsOutThatItsClientIsGoneWhileNothingIsSent() throws Exception {
        adapter.runUntilCancelled();
        var stream = tenant.stream("/v1/completions", "{\"prompt\": \"say it\", \"stream\": true}");
        assertThat(stream.line()).isEqualTo(": ping");
        stream.close();
        await().untilAsserted(() -> {
            assertThat(tenant.budget(Unit.POSITION))
                    .extracting(Budget::posted, Budget::reserved)
                    .containsExactly(2L, 0L);
        });
    }

    private static JsonNode parse(String data) {
        return JsonMapper.shared().readTree(data);
    }
}
