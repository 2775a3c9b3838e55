package dev.seedbed.adapter;

import dev.seedbed.inference.v1.InferenceServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/** The whole adapter on free ports, with a channel to it. */
public final class RunningAdapter implements AutoCloseable {

    private final ConfigurableApplicationContext context;
    private final ManagedChannel channel;
    private final int managementPort;

    /** @param properties {@code name=value}; by default those that make it end at once */
    public RunningAdapter(String tritonTarget, Path modelRepository, String... properties) {
        List<String> arguments = new ArrayList<>(List.of(
                "--spring.grpc.server.port=0",
                "--server.port=0",
                "--spring.grpc.client.channel.triton.target=static://" + tritonTarget,
                "--seedbed.model-repository=" + modelRepository));
        for (String property : properties.length > 0
                ? properties
                : new String[] {"seedbed.drain.readiness-delay=0s", "spring.grpc.server.shutdown.grace-period=0s"}) {
            arguments.add("--" + property);
        }
        AtomicInteger port = new AtomicInteger();
        context = new SpringApplicationBuilder(AdapterApplication.class)
                .listeners((ApplicationListener<GrpcServerStartedEvent>) started -> port.set(started.getPort()))
                .run(arguments.toArray(String[]::new));
        managementPort = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
        channel = Grpc.newChannelBuilder("localhost:" + port.get(), InsecureChannelCredentials.create())
                .build();
    }

    public ManagedChannel channel() {
        return channel;
    }

    public InferenceServiceGrpc.InferenceServiceBlockingStub inference() {
        return InferenceServiceGrpc.newBlockingStub(channel);
    }

    /** As the adapter itself tells on the management port. */
    public boolean isTritonUp() {
        return management("/actuator/health/readiness").statusCode() == 200;
    }

    public HttpResponse<String> management(String path) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://localhost:" + managementPort + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** As SIGTERM does; returns when it has ended. Callers stay connected as long as they can. */
    public void end() {
        context.close();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        context.close();
    }
}
