package dev.seedbed.adapter;

import static dev.seedbed.adapter.GenerationCall.finished;
import static dev.seedbed.adapter.GenerationCall.text;
import static dev.seedbed.adapter.GenerationCall.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import dev.seedbed.inference.v1.ListModelVersionsRequest;
import dev.seedbed.inference.v1.LoadModelVersionRequest;
import dev.seedbed.inference.v1.ModelVersion;
import dev.seedbed.inference.v1.ModelVersionState;
import dev.seedbed.inference.v1.UnloadModelVersionRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The adapter before the real server, backend and model. */
class RealTritonIT {

    private static final String VERSION = "seedling-v1";

    @TempDir
    static Path folder;

    private static RealTriton triton;
    private static RunningAdapter adapter;

    @BeforeAll
    static void start() {
        triton = new RealTriton(folder);
        adapter = new RunningAdapter("localhost:" + triton.port(), triton.repository());
        await().atMost(2, TimeUnit.MINUTES).until(adapter::isTritonUp);
    }

    @AfterAll
    static void stop() {
        if (adapter != null) {
            adapter.close();
        }
        if (triton != null) {
            triton.close();
        }
    }

    @BeforeEach
    void load() {
        assertThat(load(VERSION).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    }

    @Test
    void streamsAMethod() {
        List<GenerateResponse> messages = generate(request(Mode.MODE_EXACT).build());
        assertThat(text(messages)).contains("return");
        assertThat(finished(messages).getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
        assertThat(finished(messages).getDetail()).isEqualTo("end_token");
        assertThat(messages).allMatch(GenerateResponse::hasWork);
        assertThat(tokens(messages)).hasSize((int) messages.getLast().getWork().getCommittedTokens());
    }

    @Test
    void exactWritesWhatAutoregressiveWrites() {
        assertThat(tokens(generate(request(Mode.MODE_EXACT).build())))
                .isEqualTo(tokens(generate(request(Mode.MODE_AUTOREGRESSIVE).build())));
    }

    @Test
    void showsDraftsOfTheActiveBlock() {
        // A block that is decided in one round has no draft: nothing is ever sure enough at threshold 1.
        DecodeOptions oneAtATime = DecodeOptions.newBuilder()
                .setMode(Mode.MODE_DIFFUSION)
                .setThreshold(1.0)
                .build();
        List<GenerateResponse> messages = generate(request(Mode.MODE_DIFFUSION)
                .setOptions(oneAtATime)
                .setDiffusing(true)
                .build());
        assertThat(messages)
                .anyMatch(message -> message.hasDraft()
                        && message.getDraft().getPositions() == 16
                        && message.getDraft().getDecidedPositions() > 0);
        assertThat(text(messages)).doesNotContain("\u2591");
    }

    @Test
    void manyStreamsAtOnceWriteWhatOneAloneWrites() {
        List<Integer> alone = tokens(generate(request(Mode.MODE_EXACT).build()));
        List<GenerationCall> calls = IntStream.range(0, 16)
                .mapToObj(i -> GenerationCall.start(
                        adapter.channel(), request(Mode.MODE_EXACT).build()))
                .toList();
        assertThat(calls).allSatisfy(call -> assertThat(tokens(call.readAll())).isEqualTo(alone));
    }

    @Test
    void aStopTextEndsTheOutputBeforeIt() {
        List<GenerateResponse> messages =
                generate(request(Mode.MODE_EXACT).addStop("return").build());
        assertThat(text(messages)).doesNotContain("return");
        assertThat(finished(messages).getDetail()).isEqualTo("stop_text");
    }

    @Test
    void aWorkLimitIsContinuedToTheSameOutput() {
        List<GenerateResponse> undisturbed = generate(request(Mode.MODE_EXACT).build());
        List<Integer> whole = tokens(undisturbed);
        // How many it takes depends on the draft length, which the engine chooses for the machine.
        long positions = undisturbed.getLast().getWork().getPositionsEvaluated();
        List<GenerateResponse> first = generate(
                request(Mode.MODE_EXACT).setMaxPositions(positions * 3 / 4).build());
        assertThat(finished(first).getDetail()).isEqualTo("work_limit");
        List<GenerateResponse> second = generate(
                request(Mode.MODE_EXACT).addAllCommittedTokenIds(tokens(first)).build());
        List<Integer> joined = new ArrayList<>(tokens(first));
        joined.addAll(tokens(second));
        assertThat(joined).isEqualTo(whole);
    }

    @Test
    void anUnloadedVersionIsUnavailableAndComesBack() {
        unload(VERSION);
        GenerationCall.Failure failure = GenerationCall.start(
                        adapter.channel(), request(Mode.MODE_EXACT).build())
                .failure();
        assertThat(failure.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.info().getReason()).isEqualTo("MODEL_UNAVAILABLE");
        await().atMost(1, TimeUnit.MINUTES)
                .untilAsserted(() -> assertThat(listed(VERSION).getState())
                        .isEqualTo(ModelVersionState.MODEL_VERSION_STATE_UNLOADED));
    }

    @Test
    void aVersionUnloadsAfterACallerThatCancelled() {
        GenerationCall call = GenerationCall.start(
                adapter.channel(),
                request(Mode.MODE_AUTOREGRESSIVE).setMaxTokens(300).build());
        call.next();
        call.cancel();
        unload(VERSION);
        await().atMost(1, TimeUnit.MINUTES)
                .untilAsserted(() -> assertThat(listed(VERSION).getState())
                        .isEqualTo(ModelVersionState.MODEL_VERSION_STATE_UNLOADED));
    }

    @Test
    void aVersionThatTheEngineRefusesSaysWhyWhileOthersServe() throws IOException {
        Path broken = triton.repository().resolve("broken-v1");
        copy(triton.repository().resolve(VERSION), broken);
        Files.write(broken.resolve("1/model.gguf"), new byte[] {1, 2, 3});
        assertThatThrownBy(() -> load("broken-v1"))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refused ->
                                assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION));
        assertThat(listed("broken-v1").getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_FAILED);
        assertThat(listed("broken-v1").getReason()).contains("model.gguf");
        assertThat(text(generate(request(Mode.MODE_EXACT).build()))).isNotEmpty();
    }

    private static List<GenerateResponse> generate(GenerateRequest request) {
        return GenerationCall.start(adapter.channel(), request).readAll();
    }

    private static GenerateRequest.Builder request(Mode mode) {
        return GenerateRequest.newBuilder()
                .setModelVersion(VERSION)
                .setPrompt("/** Returns the sum of the even elements of xs. */\nstatic int f(int[] xs) {")
                .setMaxTokens(200)
                .setOptions(DecodeOptions.newBuilder().setMode(mode));
    }

    private static ModelVersion load(String name) {
        return adapter.inference()
                .loadModelVersion(LoadModelVersionRequest.newBuilder()
                        .setModelVersion(name)
                        .build())
                .getModelVersion();
    }

    private static void unload(String name) {
        adapter.inference()
                .unloadModelVersion(UnloadModelVersionRequest.newBuilder()
                        .setModelVersion(name)
                        .build());
    }

    private static ModelVersion listed(String name) {
        return adapter
                .inference()
                .listModelVersions(ListModelVersionsRequest.getDefaultInstance())
                .getModelVersionsList()
                .stream()
                .filter(version -> version.getName().equals(name))
                .findAny()
                .orElseThrow();
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.resolve("1"));
        for (String file : List.of(
                "config.pbtxt",
                "1/model.gguf",
                "1/contract.json",
                "1/tokenizer.json",
                "1/chat_template.jinja",
                "1/golden.json")) {
            Files.copy(from.resolve(file), to.resolve(file));
        }
    }
}
