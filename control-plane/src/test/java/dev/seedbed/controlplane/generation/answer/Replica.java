package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.ControlPlaneApplication;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

/** Another control plane on the database of the one under test. */
record Replica(ConfigurableApplicationContext context) implements AutoCloseable {

    private static final List<String> SHARED = List.of(
            "spring.datasource.url",
            "spring.datasource.username",
            "seedbed.admin-token",
            "seedbed.api-key-pepper",
            "seedbed.answer-log-secret",
            "spring.grpc.client.channel.adapter.target",
            "seedbed.drain.readiness-delay",
            "seedbed.drain.stream-grace",
            "seedbed.model.refresh-period");

    /** @param settings {@code name=value}, which win over those of the first */
    static Replica of(Environment first, String... settings) {
        var arguments = new ArrayList<String>();
        SHARED.forEach(name -> arguments.add("--" + name + "=" + first.getProperty(name)));
        arguments.addAll(List.of(
                "--spring.datasource.password=",
                "--server.port=0",
                "--spring.grpc.server.port=0",
                "--spring.main.banner-mode=off"));
        Stream.of(settings).forEach(setting -> {
            arguments.removeIf(argument -> argument.startsWith("--" + setting.substring(0, setting.indexOf('=') + 1)));
            arguments.add("--" + setting);
        });
        return new Replica(
                new SpringApplicationBuilder(ControlPlaneApplication.class).run(arguments.toArray(String[]::new)));
    }

    int port() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    @Override
    public void close() {
        context.close();
    }
}
