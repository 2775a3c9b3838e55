package dev.seedbed.adapter.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.adapter.FakeTriton;
import dev.seedbed.adapter.FakeTritonStream;
import dev.seedbed.adapter.GenerationCall;
import dev.seedbed.adapter.GenerationCall.Failure;
import dev.seedbed.adapter.RunningAdapter;
import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.adapter.tokenizer.Tokenizer;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineFailureIT {

    private static final Tokenizer TOKENIZER = TestingRepository.shippedTokenizer();

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

    @ParameterizedTest
    @CsvSource({
        "[request id: r] Invalid argument: steps out of range: 40, INVALID_ARGUMENT, INVALID_REQUEST",
        "Unavailable: too many requests in flight: 64 (max_inflight: 64), UNAVAILABLE, OVERLOADED",
        "Unavailable: model is unloading, UNAVAILABLE, MODEL_UNAVAILABLE",
        "Request for unknown model: 'tiny-v1' has no available versions, UNAVAILABLE, MODEL_UNAVAILABLE",
        "Request for unknown model: 'tiny-v1' is not found, UNAVAILABLE, MODEL_UNAVAILABLE",
        "Internal: row with a NaN, INTERNAL, INTERNAL",
        "something broke, INTERNAL, INTERNAL",
    })
    void translatesTheEnginesErrors(String text, Status.Code expected, String reason) {
        GenerationCall call = generate();
        FakeTritonStream stream = triton.nextStream();
        stream.failWithText(text);
        Failure failure = call.failure();
        assertThat(failure.code()).isEqualTo(expected);
        assertThat(failure.info().getReason()).isEqualTo(reason);
        assertThat(failure.message()).doesNotContain("request id", "Invalid argument");
        stream.awaitCancellation();
    }

    @Test
    void aStreamThatEndsBeforeItsLastResponseMeansAnEngineThatWentAway() {
        GenerationCall call = generate();
        triton.nextStream().close();
        assertThat(call.failure().info().getReason()).isEqualTo("MODEL_UNAVAILABLE");
    }

    @Test
    void neverSendsTheHeaderThatCrashesTheServer() {
        GenerationCall call = generate();
        FakeTritonStream stream = triton.nextStream();
        assertThat(triton.lastHeaders().keys()).doesNotContain("triton_grpc_error");
        stream.finish("stop", "end_token", TestingRepository.END);
        call.readAll();
    }

    @Test
    void anOutputWithAGapIsTheEnginesFault() {
        GenerationCall call = generate();
        FakeTritonStream stream = triton.nextStream();
        stream.commitAt(5, TOKENIZER.encode("x"));
        assertThat(call.failure().code()).isEqualTo(Status.Code.INTERNAL);
        stream.awaitCancellation();
    }

    @Test
    void aDyingEngineIsReportedAfterTheWorkSoFarAndServesAgainOnceItIsBack() {
        GenerationCall call = generate();
        FakeTritonStream stream = triton.nextStream();
        stream.commit(TOKENIZER.encode("return"));
        GenerateResponse last = call.next();
        int port = triton.port();
        triton.close();
        Failure failure = call.failure();
        assertThat(failure.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.info().getReason()).isEqualTo("MODEL_UNAVAILABLE");
        assertThat(last.getCommitted().getText()).isEqualTo("return");
        assertThat(last.getWork().getForwardPasses()).isEqualTo(1);

        assertThat(generate().failure().code()).isEqualTo(Status.Code.UNAVAILABLE);
        triton = new FakeTriton(port);
        await().atMost(2, TimeUnit.MINUTES).until(adapter::isTritonUp);
        GenerationCall next = generate();
        triton.nextStream().finish("stop", "end_token", TestingRepository.END);
        assertThat(next.readAll()).isNotEmpty();
    }

    private GenerationCall generate() {
        return GenerationCall.start(
                adapter.channel(),
                GenerateRequest.newBuilder()
                        .setModelVersion(TestingRepository.VERSION)
                        .setRequestId("r")
                        .setPrompt("int x = ")
                        .setMaxTokens(16)
                        .build());
    }
}
