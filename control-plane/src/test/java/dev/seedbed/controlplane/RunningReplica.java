package dev.seedbed.controlplane;

import dev.seedbed.testkit.TestingPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** A control plane with a database of its own, which a test may end or harm. */
public final class RunningReplica implements AutoCloseable {

    private final AtomicInteger grpcPort = new AtomicInteger();
    private final ConfigurableApplicationContext context;
    private final String databaseUrl;

    /** @param properties {@code name=value}, over those of every test */
    public RunningReplica(String... properties) {
        var arguments = new ArrayList<>(List.of("--server.port=0"));
        for (var property : properties) {
            arguments.add("--" + property);
        }
        context = new SpringApplicationBuilder(ControlPlaneApplication.class)
                .initializers(new ControlPlaneTest.FreshDatabase(), RunningReplica::preferArguments)
                .listeners((ApplicationListener<GrpcServerStartedEvent>) started -> grpcPort.set(started.getPort()))
                .run(arguments.toArray(String[]::new));
        databaseUrl = context.getEnvironment().getRequiredProperty("spring.datasource.url");
    }

    private static void preferArguments(ConfigurableApplicationContext context) {
        var sources = context.getEnvironment().getPropertySources();
        var arguments = sources.remove("commandLineArgs");
        if (arguments != null) {
            sources.addFirst(arguments);
        }
    }

    public int httpPort() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    public int grpcPort() {
        return grpcPort.get();
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** Not through the replica: works after its end too. */
    public JdbcClient database() {
        return JdbcClient.create(new DriverManagerDataSource(databaseUrl, TestingPostgres.USER, ""));
    }

    /** From now on the database takes no connection, and those that were open are gone. */
    public void cutDatabase() {
        var name = databaseUrl.substring(databaseUrl.lastIndexOf('/') + 1);
        var server = JdbcClient.create(new DriverManagerDataSource(
                databaseUrl.substring(0, databaseUrl.lastIndexOf('/')) + "/postgres", TestingPostgres.USER, ""));
        server.sql("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false").update();
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
                .param("name", name)
                .query()
                .listOfRows();
    }

    /** As SIGTERM does; returns when it has ended. */
    @Override
    public void close() {
        context.close();
    }
}
