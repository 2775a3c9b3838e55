package dev.seedbed.controlplane;

import dev.seedbed.testkit.FakeInferenceServer;
import dev.seedbed.testkit.TestingPostgres;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Map;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.test.context.ContextConfiguration;

/**
 * Starts the whole application for a test class: a database of its own, free ports, real HTTP and gRPC. Classes with the same
 * settings share one start, so a test makes its own tenants and never counts rows of others.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@ContextConfiguration(initializers = ControlPlaneTest.FreshDatabase.class)
public @interface ControlPlaneTest {

    /** The adapter of every application under test; a test scripts it and resets it. */
    FakeInferenceServer ADAPTER = FakeInferenceServer.start();

    String ADMIN_TOKEN = "testing-admin-token-of-32-characters";

    /** Puts a new database behind the application. */
    class FreshDatabase implements ApplicationContextInitializer<ConfigurableApplicationContext> {
        @Override
        public void initialize(ConfigurableApplicationContext context) {
            context.getEnvironment()
                    .getPropertySources()
                    .addFirst(new MapPropertySource(
                            "testing-database",
                            Map.ofEntries(
                                    Map.entry("spring.datasource.url", TestingPostgres.createDatabase()),
                                    Map.entry("spring.datasource.username", TestingPostgres.USER),
                                    Map.entry("spring.datasource.password", ""),
                                    Map.entry("spring.grpc.server.port", "0"),
                                    Map.entry("seedbed.admin-token", ADMIN_TOKEN),
                                    Map.entry("seedbed.api-key-pepper", "testing-pepper-of-32-characters!"),
                                    Map.entry(
                                            "seedbed.answer-log-secret", "testing-answer-log-secret-of-32-characters"),
                                    Map.entry("spring.grpc.client.channel.adapter.target", ADAPTER.target()),
                                    Map.entry("seedbed.drain.readiness-delay", "0s"),
                                    Map.entry("seedbed.drain.stream-grace", "0s"),
                                    Map.entry("seedbed.model.refresh-period", "200ms"))));
        }
    }
}
