package dev.seedbed.adapter.generation;

import static dev.seedbed.adapter.GenerationCall.finished;
import static dev.seedbed.adapter.GenerationCall.text;
import static dev.seedbed.adapter.GenerationCall.tokens;
import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.adapter.FakeTriton;
import dev.seedbed.adapter.FakeTritonStream;
import dev.seedbed.adapter.GenerationCall;
import dev.seedbed.adapter.RunningAdapter;
import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.adapter.tokenizer.Tokenizer;
import dev.seedbed.generation.v1.Chat;
import dev.seedbed.generation.v1.ChatMessage;
import dev.seedbed.generation.v1.DecodeOptions;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.generation.v1.Policy;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationIT {

    private static final Tokenizer TOKENIZER = TestingRepository.shippedTokenizer();
    private static final int END = TestingRepository.END;
    private static final int MASK = TestingRepository.MASK;
    private static final int NARROW_WINDOW_BYTES = 16 << 10;

    @TempDir
    static Path folder;

    private static FakeTriton triton;
    private static RunningAdapter adapter;

    @BeforeAll
    static void start() {
        triton = new FakeTriton();
        adapter = new RunningAdapter("localhost:" + triton.port(), new TestingRepository(folder).folder());
    }

    @AfterAll
    static void stop() {
        adapter.close();
        triton.close();
    }

    @Test
    void streamsCommittedTextWithItsTokensAndWork() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        stream.commit(ids("return "));
        GenerateResponse first = call.next();
        assertThat(first.getCommitted().getText()).isEqualTo("return ");
        assertThat(first.getCommittedTokenIdsList()).hasSameSizeAs(ids("return "));
        assertThat(first.getWork().getForwardPasses()).isEqualTo(1);
        assertThat(first.getWork().getPositionsEvaluated()).isEqualTo(10);
        assertThat(first.getWork().getInputTokens()).isEqualTo(ids("int x = ").length);
        stream.finish("stop", "end_token", end(ids("x;")));
        List<GenerateResponse> rest = call.readAll();
        assertThat(text(rest)).isEqualTo("x;");
        assertThat(tokens(rest)).endsWith(END);
        assertThat(finished(rest).getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
        assertThat(finished(rest).getDetail()).isEqualTo("end_token");
        assertThat(rest.getLast().getWork().getForwardPasses()).isEqualTo(2);
        stream.awaitHalfClose();
    }

    @Test
    void doesNotLetTheCallerWaitUntilTheEngineHasClosedItsStream() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        stream.linger();
        stream.finish("length", "max_tokens", ids("x"));
        assertThat(text(call.readAll())).isEqualTo("x");
        stream.awaitHalfClose();
        stream.close();
    }

    @Test
    void hidesNothingOfWhatTheCallerAskedForFromTheEngine() {
        GenerationCall call = start(request().toBuilder()
                .setRequestId("r-1")
                .setMaxPositions(900)
                .setTenant("t")
                .setWeight(3)
                .setPriority(2)
                .setDiffusing(true)
                .setOptions(DecodeOptions.newBuilder()
                        .setMode(Mode.MODE_DIFFUSION)
                        .setPolicy(Policy.POLICY_FIXED_STEPS)
                        .setThreshold(0.5)
                        .setSteps(4)
                        .setEditThreshold(0.6)
                        .setEditRounds(2)
                        .setBlockSize(8)
                        .setDraftLength(9)
                        .setTemperature(0.7)
                        .setTopP(0.9)
                        .setSeed(1L << 62))
                .build());
        FakeTritonStream stream = triton.nextStream();
        assertThat(stream.request().getModelName()).isEqualTo(TestingRepository.VERSION);
        assertThat(stream.request().getId()).isEqualTo("r-1");
        assertThat(stream.promptTokens()).isEqualTo(ids("int x = "));
        assertThat(stream.parameter("max_tokens").getInt64Param()).isEqualTo(64);
        assertThat(stream.parameter("max_positions").getInt64Param()).isEqualTo(900);
        assertThat(stream.parameter("tenant").getStringParam()).isEqualTo("t");
        assertThat(stream.parameter("weight").getInt64Param()).isEqualTo(3);
        assertThat(stream.parameter("sched_priority").getInt64Param()).isEqualTo(2);
        assertThat(stream.parameter("drafts").getBoolParam()).isTrue();
        assertThat(stream.parameter("mode").getStringParam()).isEqualTo("diffusion");
        assertThat(stream.parameter("policy").getStringParam()).isEqualTo("fixed_steps");
        assertThat(stream.parameter("threshold").getDoubleParam()).isEqualTo(0.5);
        assertThat(stream.parameter("steps").getInt64Param()).isEqualTo(4);
        assertThat(stream.parameter("edit_threshold").getDoubleParam()).isEqualTo(0.6);
        assertThat(stream.parameter("edit_rounds").getInt64Param()).isEqualTo(2);
        assertThat(stream.parameter("block_size").getInt64Param()).isEqualTo(8);
        assertThat(stream.parameter("draft_length").getInt64Param()).isEqualTo(9);
        assertThat(stream.parameter("temperature").getDoubleParam()).isEqualTo(0.7);
        assertThat(stream.parameter("top_p").getDoubleParam()).isEqualTo(0.9);
        assertThat(stream.parameter("seed").getInt64Param()).isEqualTo(1L << 62);
        stream.finish("length", "max_tokens");
        call.readAll();
    }

    @Test
    void leavesTheVersionsDefaultsToTheEngine() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        assertThat(stream.request().getParametersMap().keySet())
                .containsExactlyInAnyOrder("max_tokens", "drafts", "tenant", "weight", "sched_priority");
        stream.finish("length", "max_tokens");
        call.readAll();
    }

    @Test
    void relaysReportsThatHoldNothingButWork() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        stream.reportWork();
        assertThat(call.next().getEventCase()).isEqualTo(GenerateResponse.EventCase.EVENT_NOT_SET);
        stream.reportWork();
        assertThat(call.next().getWork().getForwardPasses()).isEqualTo(2);
        stream.finish("length", "max_tokens");
        assertThat(finished(call.readAll()).getReason()).isEqualTo(FinishReason.FINISH_REASON_LENGTH);
    }

    @Test
    void showsDraftsWithUndecidedPositions() {
        GenerationCall call = start(request().toBuilder().setDiffusing(true).build());
        FakeTritonStream stream = triton.nextStream();
        int[] word = ids("sum");
        stream.draft(MASK, word[0], MASK, END, word[0]);
        GenerateResponse draft = call.next();
        assertThat(draft.getDraft().getText()).isEqualTo("\u2591" + shown(word[0]) + "\u2591");
        assertThat(draft.getDraft().getPositions()).isEqualTo(5);
        assertThat(draft.getDraft().getDecidedPositions()).isEqualTo(3);
        stream.finish("stop", "end_token", end(word));
        assertThat(text(call.readAll())).isEqualTo("sum");
    }

    @Test
    void showsNoDraftBeyondMaxTokens() {
        GenerationCall call =
                start(request().toBuilder().setDiffusing(true).setMaxTokens(2).build());
        FakeTritonStream stream = triton.nextStream();
        stream.draft(MASK, MASK, MASK, MASK);
        assertThat(call.next().getDraft().getText()).isEqualTo("\u2591\u2591");
        stream.finish("length", "max_tokens");
        call.readAll();
    }

    @Test
    void neverSplitsACharacterAcrossMessages() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        int[] smiley = ids("😀");
        for (int id : smiley) {
            stream.commit(id);
        }
        stream.finish("length", "max_tokens");
        List<GenerateResponse> messages = call.readAll();
        assertThat(messages.stream().filter(GenerateResponse::hasCommitted)).hasSize(1);
        assertThat(text(messages)).isEqualTo("😀");
        assertThat(tokens(messages)).hasSize(smiley.length);
    }

    @Test
    void aCharacterCutOffByTheLimitBecomesAReplacement() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        stream.commit(ids("😀")[0]);
        stream.finish("length", "max_tokens");
        assertThat(text(call.readAll())).isEqualTo("\uFFFD");
    }

    @Test
    void aStopTextAcrossMessagesEndsTheEnginesStream() {
        GenerationCall call = start(request().toBuilder().addStop("}\n\n").build());
        FakeTritonStream stream = triton.nextStream();
        stream.commit(ids("a}"));
        stream.commit(ids("\n"));
        stream.commit(ids("\nb"));
        stream.awaitCancellation();
        List<GenerateResponse> messages = call.readAll();
        assertThat(text(messages)).isEqualTo("a");
        assertThat(finished(messages).getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
        assertThat(finished(messages).getDetail()).isEqualTo("stop_text");
        assertThat(messages.getLast().getWork().getForwardPasses()).isEqualTo(3);
    }

    @Test
    void textHeldBackForAStopTextComesWhenTheOutputEnds() {
        GenerationCall call = start(request().toBuilder().addStop("ab!").build());
        FakeTritonStream stream = triton.nextStream();
        stream.finish("length", "max_tokens", ids("xab"));
        List<GenerateResponse> messages = call.readAll();
        assertThat(text(messages)).isEqualTo("xab");
        assertThat(messages.getLast().hasHeldText()).isFalse();
    }

    @Test
    void aWorkLimitNamesTheHeldTextApartAndItComesAgainInTheContinuation() {
        GenerateRequest request = request().toBuilder().addStop("ab!").build();
        GenerationCall call = start(request);
        triton.nextStream().finish("length", "work_limit", ids("xab"));
        List<GenerateResponse> messages = call.readAll();
        assertThat(text(messages)).isEqualTo("x");
        assertThat(messages.getLast().getHeldText()).isEqualTo("ab");
        assertThat(finished(messages).getDetail()).isEqualTo("work_limit");

        GenerationCall continuation = start(
                request.toBuilder().addAllCommittedTokenIds(tokens(messages)).build());
        FakeTritonStream stream = triton.nextStream();
        assertThat(stream.promptTokens())
                .isEqualTo(IntStream.concat(Arrays.stream(ids("int x = ")), Arrays.stream(ids("xab")))
                        .toArray());
        stream.finish("stop", "end_token", end(ids("c")));
        List<GenerateResponse> rest = continuation.readAll();
        assertThat(text(rest)).isEqualTo("abc");
        assertThat(tokens(rest)).hasSize(ids("c").length + 1);
    }

    @Test
    void aStopTextMayBeginBeforeAContinuationAndEndInIt() {
        GenerateRequest request = request().toBuilder().addStop("ab!").build();
        GenerationCall call = start(request.toBuilder()
                .addAllCommittedTokenIds(Arrays.stream(ids("xab")).boxed().toList())
                .build());
        FakeTritonStream stream = triton.nextStream();
        stream.commit(ids("!y"));
        stream.awaitCancellation();
        List<GenerateResponse> messages = call.readAll();
        assertThat(text(messages)).isEmpty();
        assertThat(finished(messages).getDetail()).isEqualTo("stop_text");
    }

    @Test
    void rendersChatsThroughTheVersionsTemplate() {
        GenerationCall call = start(GenerateRequest.newBuilder()
                .setModelVersion(TestingRepository.VERSION)
                .setMaxTokens(8)
                .setChat(Chat.newBuilder()
                        .addMessages(ChatMessage.newBuilder().setRole("user").setContent("say <|sep|>")))
                .build());
        FakeTritonStream stream = triton.nextStream();
        int[] tokens = stream.promptTokens();
        assertThat(Arrays.stream(tokens).filter(id -> id == TestingRepository.SEP))
                .hasSize(1);
        stream.finish("length", "max_tokens");
        call.readAll();
    }

    @Test
    void textsWithNulAreTextsLikeAnyOther() {
        GenerationCall call = start(request().toBuilder().setPrompt("a\u0000b").build());
        FakeTritonStream stream = triton.nextStream();
        assertThat(stream.promptTokens()).isEqualTo(ids("a\u0000b"));
        stream.finish("length", "max_tokens", ids("\u0000"));
        assertThat(text(call.readAll())).isEqualTo("\u0000");
    }

    @Test
    void aSlowCallerHoldsTheEngineUpInNoWayAndMissesNoText() {
        int messages = 2_000;
        int[] piece = ids("return accumulated; // ");
        ManagedChannel narrow = NettyChannelBuilder.forTarget(adapter.channel().authority())
                .usePlaintext()
                .flowControlWindow(NARROW_WINDOW_BYTES)
                .build();
        GenerationCall call = GenerationCall.startWithoutReading(
                narrow,
                request().toBuilder().setMaxTokens(90_000).setDiffusing(true).build());
        FakeTritonStream stream = triton.nextStream();
        for (int i = 0; i < messages; i++) {
            stream.draft(piece);
            stream.commit(piece);
        }
        stream.finish("length", "max_tokens");
        // The engine's stream is drained to its end while the caller has read nothing.
        stream.awaitHalfClose();
        List<GenerateResponse> read = call.readAll();
        assertThat(text(read)).isEqualTo("return accumulated; // ".repeat(messages));
        assertThat(tokens(read)).hasSize(messages * piece.length);
        assertThat(read).hasSizeLessThan(messages);
        assertThat(finished(read).getDetail()).isEqualTo("max_tokens");
        narrow.shutdownNow();
    }

    @Test
    void coalescesForACallerThatShowsNothingBeforeTheEnd() {
        GenerationCall call = start(
                request().toBuilder().setMaxTokens(500).setCoalesceMs(1000).build());
        FakeTritonStream stream = triton.nextStream();
        stream.commit(ids("a"));
        assertThat(call.next().getCommitted().getText()).isEqualTo("a");
        int messages = 200;
        for (int i = 0; i < messages; i++) {
            stream.commit(ids("b"));
        }
        stream.finish("stop", "end_token", end(ids("c")));
        List<GenerateResponse> rest = call.readAll();
        assertThat(text(rest)).isEqualTo("b".repeat(messages) + "c");
        assertThat(tokens(rest)).hasSize(messages * ids("b").length + ids("c").length + 1);
        assertThat(rest).hasSizeLessThan(messages / 2);
        assertThat(finished(rest).getDetail()).isEqualTo("end_token");
    }

    @Test
    void aCallerThatCancelsEndsTheEnginesStream() {
        GenerationCall call = start(request());
        FakeTritonStream stream = triton.nextStream();
        stream.commit(ids("a"));
        call.next();
        call.cancel();
        stream.awaitCancellation();
        assertThat(call.failure().code()).isEqualTo(Status.Code.CANCELLED);
    }

    @Test
    void aCallerThatVanishesEndsTheEnginesStream() {
        ManagedChannel other = Grpc.newChannelBuilder(
                        adapter.channel().authority(), InsecureChannelCredentials.create())
                .build();
        GenerationCall.start(other, request());
        FakeTritonStream stream = triton.nextStream();
        other.shutdownNow();
        stream.awaitCancellation();
    }

    @Test
    void aDeadlineReachesTheEngine() {
        GenerationCall call = GenerationCall.start(
                InferenceServiceGrpc.newStub(adapter.channel()).withDeadlineAfter(1, TimeUnit.SECONDS),
                request(),
                true);
        FakeTritonStream stream = triton.nextStream();
        stream.awaitCancellation();
        assertThat(call.failure().code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    private static GenerationCall start(GenerateRequest request) {
        return GenerationCall.start(adapter.channel(), request);
    }

    private static GenerateRequest request() {
        return GenerateRequest.newBuilder()
                .setModelVersion(TestingRepository.VERSION)
                .setPrompt("int x = ")
                .setMaxTokens(64)
                .build();
    }

    private static int[] ids(String text) {
        return TOKENIZER.encode(text);
    }

    private static String shown(int... tokenIds) {
        return TOKENIZER.detokenizer().append(tokenIds);
    }

    private static int[] end(int[] tokenIds) {
        return IntStream.concat(Arrays.stream(tokenIds), IntStream.of(END)).toArray();
    }
}
