package dev.seedbed.testkit;

import dev.seedbed.generation.v1.Mode;
import dev.seedbed.inference.v1.CountTokensRequest;
import dev.seedbed.inference.v1.CountTokensResponse;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import dev.seedbed.inference.v1.InferenceServiceGrpc;
import dev.seedbed.inference.v1.ListModelVersionsRequest;
import dev.seedbed.inference.v1.ListModelVersionsResponse;
import dev.seedbed.inference.v1.LoadModelVersionRequest;
import dev.seedbed.inference.v1.LoadModelVersionResponse;
import dev.seedbed.inference.v1.ModelVersion;
import dev.seedbed.inference.v1.ModelVersionState;
import dev.seedbed.inference.v1.UnloadModelVersionRequest;
import dev.seedbed.inference.v1.UnloadModelVersionResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * An inference adapter without an engine: a real gRPC server on a loopback port whose generations a test scripts. A token is a
 * word of the prompt. Thread-safe.
 */
public final class FakeInferenceServer implements AutoCloseable {

    /** The version that is loaded at the start. */
    public static final String VERSION = "seedling-v1";

    public static final int CONTEXT_LENGTH = 512;
    public static final int MAX_BLOCK_SIZE = 16;

    /** What the fake does with one generation, in a thread of its own. */
    @FunctionalInterface
    public interface Script {
        void run(GenerateRequest request, FakeGeneration generation) throws Exception;
    }

    private final Server server;
    private final List<GenerateRequest> requests = new CopyOnWriteArrayList<>();
    private final ConcurrentSkipListMap<String, ModelVersion> versions = new ConcurrentSkipListMap<>();
    private final ConcurrentHashMap<String, String> refusals = new ConcurrentHashMap<>();
    private final List<String> loads = new CopyOnWriteArrayList<>();
    private final List<String> unloads = new CopyOnWriteArrayList<>();
    private volatile CountDownLatch listing = new CountDownLatch(0);
    private volatile Script script = FakeInferenceServer::threeWords;

    private final boolean remembers;

    private FakeInferenceServer(int port, boolean remembers) {
        this.remembers = remembers;
        versions.put(VERSION, version(VERSION, ModelVersionState.MODEL_VERSION_STATE_READY));
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .addService(new Service())
                .build();
    }

    /** On a port that is free. */
    public static FakeInferenceServer start() {
        return start(0);
    }

    /** Where another one was, as after a restart. */
    public static FakeInferenceServer start(int port) {
        return start(port, true);
    }

    /** Keeps no list of its requests: for any number of them. */
    public static FakeInferenceServer startForgetful(int port) {
        return start(port, false);
    }

    private static FakeInferenceServer start(int port, boolean remembers) {
        var fake = new FakeInferenceServer(port, remembers);
        try {
            fake.server.start();
        } catch (IOException e) {
            throw new UncheckedIOException("fake inference server did not start", e);
        }
        return fake;
    }

    /** For {@code spring.grpc.client.channel.adapter.target}. */
    public String target() {
        return "static://127.0.0.1:" + server.getPort();
    }

    public int port() {
        return server.getPort();
    }

    /** From now on every generation runs this. */
    public void script(Script next) {
        script = next;
    }

    /** From now on every generation commits the words, each as one token, and runs until it is cancelled. @return counts one of them */
    public CountDownLatch runUntilCancelled(String... words) {
        var cancelled = new CountDownLatch(1);
        script((request, generation) -> {
            generation.prefill();
            for (var word : words) {
                generation.commit(word, 1);
            }
            generation.awaitCancelled();
            cancelled.countDown();
        });
        return cancelled;
    }

    /** From now on every generation says three words and stops; nothing was requested. */
    public void reset() {
        script = FakeInferenceServer::threeWords;
        requests.clear();
        loads.clear();
        unloads.clear();
        refusals.clear();
        // In this order: whoever lists the versions meanwhile always finds this one.
        versions.put(VERSION, version(VERSION, ModelVersionState.MODEL_VERSION_STATE_READY));
        versions.keySet().removeIf(name -> !name.equals(VERSION));
    }

    /** Generations asked for since the last reset, in order; none when it is forgetful. */
    public List<GenerateRequest> requests() {
        return List.copyOf(requests);
    }

    /** From now on loads of a version fail with FAILED_PRECONDITION and this reason; null: they succeed again. */
    public void refuseLoads(String name, @Nullable String reason) {
        if (reason == null) {
            refusals.remove(name);
        } else {
            refusals.put(name, reason);
        }
    }

    /** Names whose load was asked for since the last reset, refused ones too, in order. */
    public List<String> loads() {
        return List.copyOf(loads);
    }

    /** Names whose unload was asked for since the last reset, in order. */
    public List<String> unloads() {
        return List.copyOf(unloads);
    }

    /** From now on ListModelVersions answers what is true when this is counted down. */
    public void listVersionsAfter(CountDownLatch goOn) {
        listing = goOn;
    }

    /** What ListModelVersions answers for a name from now on. */
    public void putVersion(ModelVersion version) {
        versions.put(version.getName(), version);
    }

    public static ModelVersion version(String name, ModelVersionState state) {
        return ModelVersion.newBuilder()
                .setName(name)
                .setState(state)
                .setContextLength(CONTEXT_LENGTH)
                .addModes(Mode.MODE_AUTOREGRESSIVE)
                .addModes(Mode.MODE_EXACT)
                .addModes(Mode.MODE_DIFFUSION)
                .setMaxBlockSize(MAX_BLOCK_SIZE)
                .build();
    }

    /** Says a first word, waits until it may go on, says a second one and stops. */
    public static Script pausedAfterOneWord(CountDownLatch goOn) {
        return (request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            goOn.await();
            generation.commit("two", 1);
            generation.stop();
        };
    }

    private static void threeWords(GenerateRequest request, FakeGeneration generation) {
        generation.prefill();
        generation.commit("one ", 1);
        generation.commit("two ", 1);
        generation.commit("three", 1);
        generation.stop();
    }

    /** Stops at once; running calls fail as if the process had died. */
    @Override
    public void close() {
        server.shutdownNow();
    }

    private final class Service extends InferenceServiceGrpc.InferenceServiceImplBase {

        @Override
        public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
            if (remembers) {
                requests.add(request);
            }
            var generation = new FakeGeneration(request, (ServerCallStreamObserver<GenerateResponse>) responses);
            var now = script;
            Thread.ofVirtual().start(() -> {
                try {
                    now.run(request, generation);
                } catch (StatusRuntimeException e) {
                    generation.fail(e.getStatus());
                } catch (Exception e) {
                    generation.fail(Status.UNKNOWN.withDescription("script failed: " + e));
                }
            });
        }

        @Override
        public void countTokens(CountTokensRequest request, StreamObserver<CountTokensResponse> response) {
            var text = request.hasPrompt()
                    ? request.getPrompt()
                    : String.join(
                            " ",
                            request.getChat().getMessagesList().stream()
                                    .map(message -> message.getContent())
                                    .toList());
            answer(
                    response,
                    CountTokensResponse.newBuilder().setInputTokens(words(text)).build());
        }

        @Override
        public void listModelVersions(
                ListModelVersionsRequest request, StreamObserver<ListModelVersionsResponse> response) {
            try {
                listing.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answer(
                    response,
                    ListModelVersionsResponse.newBuilder()
                            .addAllModelVersions(versions.values())
                            .build());
        }

        @Override
        public void loadModelVersion(
                LoadModelVersionRequest request, StreamObserver<LoadModelVersionResponse> response) {
            loads.add(request.getModelVersion());
            var refusal = refusals.get(request.getModelVersion());
            if (refusal != null) {
                versions.put(
                        request.getModelVersion(),
                        version(request.getModelVersion(), ModelVersionState.MODEL_VERSION_STATE_FAILED).toBuilder()
                                .setReason(refusal)
                                .build());
                response.onError(
                        Status.FAILED_PRECONDITION.withDescription(refusal).asRuntimeException());
                return;
            }
            var loaded = version(request.getModelVersion(), ModelVersionState.MODEL_VERSION_STATE_READY);
            versions.put(loaded.getName(), loaded);
            answer(
                    response,
                    LoadModelVersionResponse.newBuilder()
                            .setModelVersion(loaded)
                            .build());
        }

        @Override
        public void unloadModelVersion(
                UnloadModelVersionRequest request, StreamObserver<UnloadModelVersionResponse> response) {
            unloads.add(request.getModelVersion());
            var unloaded = version(request.getModelVersion(), ModelVersionState.MODEL_VERSION_STATE_UNLOADED);
            versions.put(unloaded.getName(), unloaded);
            answer(response, UnloadModelVersionResponse.getDefaultInstance());
        }

        private static <T> void answer(StreamObserver<T> response, T message) {
            response.onNext(message);
            response.onCompleted();
        }
    }

    static int words(String text) {
        return text.isBlank() ? 1 : text.strip().split("\\s+").length;
    }
}
