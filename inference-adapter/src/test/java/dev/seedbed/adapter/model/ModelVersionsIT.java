package dev.seedbed.adapter.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.adapter.FakeTriton;
import dev.seedbed.adapter.GenerationCall.Failure;
import dev.seedbed.adapter.RunningAdapter;
import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.generation.v1.Mode;
import dev.seedbed.inference.v1.ListModelVersionsRequest;
import dev.seedbed.inference.v1.LoadModelVersionRequest;
import dev.seedbed.inference.v1.ModelVersion;
import dev.seedbed.inference.v1.ModelVersionState;
import dev.seedbed.inference.v1.UnloadModelVersionRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelVersionsIT {

    private static final AtomicInteger COUNT = new AtomicInteger();

    @TempDir
    static Path folder;

    private static TestingRepository repository;
    private static FakeTriton triton;
    private static RunningAdapter adapter;

    private final String name = "version-" + COUNT.incrementAndGet();

    @BeforeAll
    static void start() {
        repository = new TestingRepository(folder);
        triton = new FakeTriton();
        adapter = new RunningAdapter("localhost:" + triton.port(), repository.folder());
    }

    @AfterAll
    static void stop() {
        adapter.close();
        triton.close();
    }

    @BeforeEach
    void addVersion() {
        repository.add(name);
        triton.setModel(name, "", "");
    }

    @Test
    void aVersionThatWasNeverLoadedIsUnloaded() {
        assertThat(listed(name).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_UNLOADED);
    }

    @Test
    void aLoadedVersionIsReadyAndSaysWhatItOffers() {
        ModelVersion loaded = load(name);
        assertThat(loaded.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
        assertThat(loaded.getContextLength()).isEqualTo(TestingRepository.CONTEXT_LENGTH);
        assertThat(loaded.getMaxBlockSize()).isEqualTo(32);
        assertThat(loaded.getModesList())
                .containsExactly(Mode.MODE_AUTOREGRESSIVE, Mode.MODE_EXACT, Mode.MODE_DIFFUSION);
        assertThat(loaded.getDefaultOptions().getMode()).isEqualTo(Mode.MODE_EXACT);
        assertThat(loaded.getDefaultOptions().getBlockSize()).isEqualTo(16);
        assertThat(listed(name)).isEqualTo(loaded);
    }

    @Test
    void anUnloadedVersionIsUnloaded() {
        load(name);
        unload(name);
        assertThat(listed(name).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_UNLOADED);
    }

    @Test
    void aVersionThatTheEngineRefusesHasFailedWithTheEnginesReason() {
        triton.refuseToLoad(name, "golden differs at trace 3");
        Failure failure = failureOf(() -> load(name));
        assertThat(failure.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.message()).contains("golden differs at trace 3");
        assertThat(listed(name).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_FAILED);
        assertThat(listed(name).getReason()).contains("golden differs at trace 3");
    }

    @Test
    void aVersionWhoseTokenizerCannotServeIsNotEvenLoaded() {
        repository.write(name, "tokenizer.json", "{}");
        Failure failure = failureOf(() -> load(name));
        assertThat(failure.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.message()).contains("tokenizer");
        assertThat(listed(name).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_FAILED);
    }

    @Test
    void aVersionThatWasRepairedLoads() {
        repository.write(name, "contract.json", "{}");
        assertThat(failureOf(() -> load(name)).code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        repository.add(name);
        assertThat(load(name).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    }

    @Test
    void anUnknownVersionIsNotFound() {
        assertThat(failureOf(() -> load("nothing")).code()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(failureOf(() -> unload("nothing")).code()).isEqualTo(Status.Code.NOT_FOUND);
    }

    @Test
    void withoutTheEngineNothingIsKnown() {
        int port = triton.port();
        triton.close();
        Failure failure = failureOf(() -> listed(name));
        triton = new FakeTriton(port);
        await().atMost(2, TimeUnit.MINUTES).until(adapter::isTritonUp);
        assertThat(failure.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.info().getReason()).isEqualTo("MODEL_UNAVAILABLE");
    }

    private ModelVersion load(String name) {
        return adapter.inference()
                .loadModelVersion(LoadModelVersionRequest.newBuilder()
                        .setModelVersion(name)
                        .build())
                .getModelVersion();
    }

    private void unload(String name) {
        adapter.inference()
                .unloadModelVersion(UnloadModelVersionRequest.newBuilder()
                        .setModelVersion(name)
                        .build());
    }

    private ModelVersion listed(String name) {
        return adapter
                .inference()
                .listModelVersions(ListModelVersionsRequest.getDefaultInstance())
                .getModelVersionsList()
                .stream()
                .filter(version -> version.getName().equals(name))
                .findAny()
                .orElseThrow();
    }

    private static Failure failureOf(ThrowingCallable call) {
        Failure[] failure = new Failure[1];
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(StatusRuntimeException.class, refused -> failure[0] = new Failure(refused));
        return failure[0];
    }
}
