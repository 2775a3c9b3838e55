package dev.seedbed.adapter.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.adapter.FakeTriton;
import dev.seedbed.adapter.GenerationCall;
import dev.seedbed.adapter.GenerationCall.Failure;
import dev.seedbed.adapter.RunningAdapter;
import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.generation.v1.Chat;
import dev.seedbed.generation.v1.ChatMessage;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.inference.v1.CountTokensRequest;
import dev.seedbed.inference.v1.GenerateRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RefusalIT {

    private static final String SMALL = "small-v1";
    private static final String WITHOUT_TEMPLATE = "raw-v1";
    private static final String BROKEN = "broken-v1";

    @TempDir
    static Path folder;

    private static FakeTriton triton;
    private static RunningAdapter adapter;

    @BeforeAll
    static void start() {
        TestingRepository repository = new TestingRepository(folder);
        repository.add(SMALL);
        repository.changeContract(SMALL, "\"context_length\": 100000", "\"context_length\": 64");
        repository.add(WITHOUT_TEMPLATE);
        repository.remove(WITHOUT_TEMPLATE, "chat_template.jinja");
        repository.add(BROKEN);
        repository.write(BROKEN, "contract.json", "{ \"format\": 1 }");
        triton = new FakeTriton();
        adapter = new RunningAdapter("localhost:" + triton.port(), repository.folder());
    }

    @AfterAll
    static void stop() {
        adapter.close();
        triton.close();
    }

    static Stream<Arguments> invalidFields() {
        return Stream.of(
                invalid("max_tokens", request -> request.clearMaxTokens()),
                invalid("max_tokens", request -> request.setMaxTokens(-1)),
                invalid("max_tokens", request -> request.setMaxTokens(Integer.MAX_VALUE)),
                invalid("max_positions", request -> request.setMaxPositions(0)),
                invalid("coalesce_ms", request -> request.setCoalesceMs(1001)),
                invalid("weight", request -> request.setWeight(0)),
                invalid("weight", request -> request.setWeight(1001)),
                invalid("priority", request -> request.setPriority(10)),
                invalid("request_id", request -> request.setRequestId("two\nlines")),
                invalid("stop", request -> request.addAllStop(List.of("a", "b", "c", "d", "e"))),
                invalid("stop[1]", request -> request.addStop("a").addStop("")),
                invalid("prompt", request -> request.setPrompt("")),
                invalid("input", request -> request.clearInput()),
                invalid("chat.messages", request -> request.setChat(Chat.getDefaultInstance())),
                invalid("chat.messages[0].role", request -> request.setChat(chat("tool", "x"))),
                invalid(
                        "chat",
                        request -> request.setModelVersion(WITHOUT_TEMPLATE).setChat(chat("user", "x"))),
                invalid("committed_token_ids[0]", request -> request.addCommittedTokenIds(2048)),
                invalidOption("mode", options -> options.setModeValue(99)),
                invalidOption("policy", options -> options.setPolicyValue(99)),
                invalidOption("threshold", options -> options.setThreshold(0)),
                invalidOption("threshold", options -> options.setThreshold(Double.NaN)),
                invalidOption("steps", options -> options.setSteps(0)),
                invalidOption("edit_threshold", options -> options.setEditThreshold(1.5)),
                invalidOption("edit_threshold", options -> options.setEditThreshold(Double.NaN)),
                invalidOption("edit_rounds", options -> options.setEditRounds(-1)),
                invalidOption("edit_rounds", options -> options.setEditRounds(17)),
                invalidOption("block_size", options -> options.setBlockSize(33)),
                invalidOption("draft_length", options -> options.setDraftLength(-5)),
                invalidOption("temperature", options -> options.setTemperature(Double.NaN)),
                invalidOption("temperature", options -> options.setTemperature(Double.POSITIVE_INFINITY)),
                invalidOption("temperature", options -> options.setTemperature(-0.1)),
                invalidOption("top_p", options -> options.setTopP(0)),
                invalidOption("seed", options -> options.setSeed(-1)));
    }

    @ParameterizedTest
    @MethodSource("invalidFields")
    void namesTheFieldAtFault(String field, GenerateRequest request) {
        Failure failure = failureOf(request);
        assertThat(failure.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(failure.info().getReason()).isEqualTo("INVALID_REQUEST");
        assertThat(failure.info().getDomain()).isEqualTo("seedbed.dev");
        assertThat(failure.field()).isEqualTo(field);
        assertThat(triton.hasStream()).isFalse();
    }

    @Test
    void saysWhatWasWrongAndWhatWasExpected() {
        assertThat(failureOf(request().setMaxTokens(-1).build()).message())
                .isEqualTo("max_tokens out of range: -1 (expected: 1..100000)");
    }

    @Test
    void countsWhatExceedsTheContext() {
        Failure failure = failureOf(request()
                .setModelVersion(SMALL)
                .setMaxTokens(60)
                .setOptions(DecodeOptions.newBuilder().setMode(Mode.MODE_DIFFUSION))
                .build());
        assertThat(failure.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(failure.info().getReason()).isEqualTo("CONTEXT_LENGTH_EXCEEDED");
        int inputTokens = adapter.inference()
                .countTokens(CountTokensRequest.newBuilder()
                        .setModelVersion(SMALL)
                        .setPrompt("int x = ")
                        .build())
                .getInputTokens();
        assertThat(failure.info().getMetadataMap())
                .containsEntry("input_tokens", Integer.toString(inputTokens))
                .containsEntry("positions", Integer.toString(inputTokens + 64))
                .containsEntry("context_length", "64");
    }

    @Test
    void refusesAHugePromptWithoutTokenisingIt() {
        Failure failure = failureOf(
                request().setModelVersion(SMALL).setPrompt("x".repeat(3 << 20)).build());
        assertThat(failure.info().getReason()).isEqualTo("CONTEXT_LENGTH_EXCEEDED");
        assertThat(failure.info().getMetadataMap()).containsKey("input_tokens_at_least");
    }

    @ParameterizedTest
    @MethodSource("unknownNames")
    void anUnknownVersionIsNotFound(String name) {
        Failure failure = failureOf(request().setModelVersion(name).build());
        assertThat(failure.code()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(failure.info().getReason()).isEqualTo("MODEL_NOT_FOUND");
    }

    static Stream<String> unknownNames() {
        return Stream.of("", "nothing", "../" + TestingRepository.VERSION, "a/b", "x".repeat(1000), "\u0000");
    }

    @Test
    void aVersionWithBrokenFilesSaysWhatIsBroken() {
        Failure failure = failureOf(request().setModelVersion(BROKEN).build());
        assertThat(failure.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.message()).contains("contract.json lacks");
    }

    @Test
    void countingHasTheSameChecks() {
        Assertions.assertThatThrownBy(() -> adapter.inference()
                        .countTokens(CountTokensRequest.newBuilder()
                                .setModelVersion(TestingRepository.VERSION)
                                .build()))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refused -> assertThat(new Failure(refused).field()).isEqualTo("input"));
    }

    private static Failure failureOf(GenerateRequest request) {
        return GenerationCall.start(adapter.channel(), request).failure();
    }

    private static Arguments invalid(String field, Consumer<GenerateRequest.Builder> change) {
        GenerateRequest.Builder request = request();
        change.accept(request);
        return Arguments.of(field, request.build());
    }

    private static Arguments invalidOption(String field, Consumer<DecodeOptions.Builder> change) {
        return invalid("options." + field, request -> change.accept(request.getOptionsBuilder()));
    }

    private static Chat.Builder chat(String role, String content) {
        return Chat.newBuilder()
                .addMessages(ChatMessage.newBuilder().setRole(role).setContent(content));
    }

    private static GenerateRequest.Builder request() {
        return GenerateRequest.newBuilder()
                .setModelVersion(TestingRepository.VERSION)
                .setPrompt("int x = ")
                .setMaxTokens(16);
    }
}
