package dev.seedbed.adapter;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * The Triton of this checkout with the backend and a copy of the model repository, on free ports. A checkout without them aborts
 * the test, or fails it where {@code SEEDBED_REQUIRE_TRITON=true} says that they must be there.
 */
public final class RealTriton implements AutoCloseable {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final List<String> NEEDED = List.of(
            ".seedbed/third_party/triton",
            ".seedbed/build/native/backends/block_diffusion",
            "triton-models/repository/seedling-v1/1/model.gguf");

    private final Process process;
    private final int port;
    private final Path repository;

    /** @param folder empty; the copy of the repository and the log go there */
    public RealTriton(Path folder) {
        for (String needed : NEEDED) {
            if (!Files.exists(ROOT.resolve(needed))) {
                throw absent(needed);
            }
        }
        try {
            repository = folder.resolve("repository");
            copy(ROOT.resolve("triton-models/repository"), repository);
            port = freePort();
            process = start(folder);
        } catch (IOException failure) {
            throw new AssertionError("Triton cannot be started", failure);
        }
    }

    public int port() {
        return port;
    }

    public Path repository() {
        return repository;
    }

    /** As {@code kill -9} does. */
    public void kill() {
        process.destroyForcibly();
        awaitExit();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private Process start(Path folder) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "python3",
                ROOT.resolve("triton-models/serve/triton_server.py").toString(),
                "--repository=" + repository,
                "--grpc-port=" + port,
                "--http-port=" + freePort(),
                "--metrics-port=" + freePort()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("triton.log").toFile())
                .start();
    }

    private void awaitExit() {
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private static RuntimeException absent(String needed) {
        String message = "real Triton not run: missing " + needed + " (./seedbed up makes it)";
        if (Boolean.parseBoolean(System.getenv("SEEDBED_REQUIRE_TRITON"))) {
            throw new AssertionError(message);
        }
        return new TestAbortedException(message);
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0)) {
            return probe.getLocalPort();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : paths.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }
}
