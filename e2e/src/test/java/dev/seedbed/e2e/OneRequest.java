package dev.seedbed.e2e;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.ObjectMappers;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.completions.CompletionCreateParams;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code one_request.py} says, with openai-java. */
final class OneRequest {

    private final Map<String, Object> seen = new LinkedHashMap<>();
    private final StringBuilder text = new StringBuilder();

    private OneRequest() {}

    public static void main(String[] arguments) throws IOException {
        var json = ObjectMappers.jsonMapper();
        var wanted = json.readTree(System.getenv("SEEDBED_REQUEST"));
        var params = CompletionCreateParams.builder()
                .body(json.treeToValue(wanted, CompletionCreateParams.Body.class))
                .build();
        var builder = OpenAIOkHttpClient.builder()
                .baseUrl(System.getenv("SEEDBED_BASE_URL") + "/v1")
                .apiKey(System.getenv("SEEDBED_API_KEY"))
                .timeout(Duration.ofSeconds(Long.parseLong(System.getenv("SEEDBED_TIMEOUT_SECONDS"))));
        var key = System.getenv("SEEDBED_IDEMPOTENCY_KEY");
        if (!key.isEmpty()) {
            builder.putHeader("Idempotency-Key", key);
        }
        var client = builder.build();
        System.out.println("ready");
        System.in.read();
        var request = new OneRequest();
        request.send(client, params, wanted.path("stream").asBoolean());
        System.out.println(json.writeValueAsString(request.seen));
        client.close();
    }

    private void send(OpenAIClient client, CompletionCreateParams params, boolean stream) {
        try {
            if (stream) {
                read(client, params);
            } else {
                var whole = client.completions().create(params);
                text.append(whole.choices().getFirst().text());
                seen.put("tokens", whole.usage().orElseThrow().completionTokens());
            }
        } catch (RuntimeException error) {
            seen.put("error", told(error));
        }
        seen.put("text", text.toString());
    }

    private void read(OpenAIClient client, CompletionCreateParams params) {
        try (var response = client.completions().createStreaming(params)) {
            response.stream()
                    .forEach(chunk -> chunk.choices().forEach(choice -> {
                        if (text.isEmpty() && !choice.text().isEmpty()) {
                            doFault();
                        }
                        text.append(choice.text());
                    }));
        }
    }

    private static void doFault() {
        var command = new ArrayList<>(List.of("kill"));
        command.addAll(List.of(System.getenv("SEEDBED_FAULT").split(" ")));
        try {
            new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Object> told(RuntimeException error) {
        var told = new LinkedHashMap<String, Object>();
        told.put("class", error.getClass().getSimpleName());
        told.put("ours", error instanceof OpenAIException);
        told.put(
                "code",
                error instanceof OpenAIServiceException service ? service.code().orElse(null) : null);
        told.put("message", error.getMessage());
        return told;
    }
}
