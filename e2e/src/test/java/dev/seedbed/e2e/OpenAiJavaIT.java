package dev.seedbed.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionCreateParams;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Uses openai-java as its own documentation does; the stack's address and key come from the environment. */
class OpenAiJavaIT {

    private static final String PROMPT = "/** Returns the sum of the even elements of xs. */\nstatic int f(int[] xs) {";

    private static OpenAIClient client;

    @BeforeAll
    static void connect() {
        client = client(required("SEEDBED_API_KEY"));
    }

    @Test
    void streamsACompletionThatEqualsTheOneInOnePiece() {
        var params = completion().build();
        var chunks = streamed(params);

        var whole = client.completions().create(params);

        assertThat(chunks).hasSizeGreaterThan(1);
        assertThat(text(chunks))
                .isNotBlank()
                .isEqualTo(whole.choices().getFirst().text());
        assertThat(whole.usage()).hasValueSatisfying(usage -> {
            assertThat(usage.completionTokens()).isPositive();
            assertThat(usage.totalTokens()).isEqualTo(usage.promptTokens() + usage.completionTokens());
        });
    }

    @Test
    void streamsAChatThatItsOwnAccumulatorUnderstands() {
        var params = ChatCompletionCreateParams.builder()
                .model(required("SEEDBED_MODEL"))
                .addUserMessage("Returns the sum of the even elements of xs.\nstatic int f(int[] xs)")
                .maxCompletionTokens(96)
                .temperature(0)
                .build();
        var streamed = params.toBuilder()
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        var accumulator = ChatCompletionAccumulator.create();
        List<ChatCompletionChunk> chunks;
        try (var response = client.chat().completions().createStreaming(streamed)) {
            chunks = response.stream().peek(accumulator::accumulate).toList();
        }
        var accumulated = accumulator.chatCompletion();

        var whole = client.chat().completions().create(params);

        assertThat(accumulated.choices().getFirst().message().content())
                .hasValueSatisfying(text -> assertThat(text).isNotBlank())
                .isEqualTo(whole.choices().getFirst().message().content());
        assertThat(accumulated.choices().getFirst().finishReason())
                .isEqualTo(whole.choices().getFirst().finishReason());
        assertThat(chunks.getLast().usage()).isPresent().isEqualTo(whole.usage());
    }

    @Test
    void readsTheSameTextBesideDrafts() {
        var plain = completion()
                .putAdditionalBodyProperty("mode", JsonValue.from("diffusion"))
                .putAdditionalBodyProperty("policy", JsonValue.from("fixed_steps"))
                .putAdditionalBodyProperty("steps", JsonValue.from(8))
                .build();
        var drafting = plain.toBuilder()
                .putAdditionalBodyProperty("diffusing", JsonValue.from(true))
                .build();

        var drafted = streamed(drafting);

        assertThat(drafted)
                .anySatisfy(chunk -> assertThat(chunk._additionalProperties().get("seedbed"))
                        .satisfies(seedbed -> assertThat(seedbed.toString()).contains("draft")));
        assertThat(text(drafted)).isNotBlank().isEqualTo(text(streamed(plain)));
    }

    @Test
    void listsTheServedModel() {
        assertThat(client.models().list().items())
                .extracting(model -> model.id())
                .contains(required("SEEDBED_MODEL"));
    }

    @Test
    void endsAnAnswerBeforeItsSuffix() {
        var whole = client.completions()
                .create(completion().build())
                .choices()
                .getFirst()
                .text();
        var cut = whole.lastIndexOf("return ");
        var filled = client.completions()
                .create(completion().suffix("\n" + whole.substring(cut)).build());
        assertThat(filled.choices().getFirst().text())
                .isEqualTo(whole.substring(0, cut).stripTrailing());
    }

    @Test
    void tellsTheRequestAndWhatIsLeft() {
        try (var response = client.withRawResponse()
                .completions()
                .create(completion().maxTokens(1).build())) {
            assertThat(response.requestId())
                    .hasValueSatisfying(id -> assertThat(id).hasSize(36));
            assertThat(response.headers().names())
                    .contains("openai-processing-ms", "openai-version", "x-ratelimit-remaining-tokens", "ratelimit");
        }
    }

    @Test
    void raisesItsOwnErrorForAWrongKey() {
        var stranger = client("sb-demo-0000000000000000-wrong");
        assertThatThrownBy(() -> stranger.completions().create(completion().build()))
                .isInstanceOf(UnauthorizedException.class);
    }

    @Test
    void raisesItsOwnErrorForARequestThatCanNeverWork() {
        assertThatThrownBy(() ->
                        client.completions().create(completion().maxTokens(0).build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class,
                        error -> assertThat(error.param()).contains("max_tokens"));
    }

    private static List<Completion> streamed(CompletionCreateParams params) {
        try (var response = client.completions().createStreaming(params)) {
            return response.stream().toList();
        }
    }

    private static String text(List<Completion> chunks) {
        return chunks.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .map(CompletionChoice::text)
                .collect(Collectors.joining());
    }

    private static CompletionCreateParams.Builder completion() {
        return CompletionCreateParams.builder()
                .model(required("SEEDBED_MODEL"))
                .prompt(PROMPT)
                .maxTokens(96)
                .temperature(0);
    }

    private static OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(required("SEEDBED_BASE_URL") + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    private static String required(String name) {
        String value = System.getenv(name);
        if (value == null || value.isBlank()) {
            throw new IllegalStateException("environment variable missing: " + name
                    + " (expected: a stack that is up, as ./seedbed test e2e brings it)");
        }
        return value;
    }
}
