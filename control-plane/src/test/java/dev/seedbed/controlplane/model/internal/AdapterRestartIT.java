package dev.seedbed.controlplane.model.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import dev.seedbed.testkit.FakeInferenceServer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ContextConfiguration;

/** With an adapter of its own, which dies and comes back with nothing loaded. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@ContextConfiguration(initializers = AdapterRestartIT.OwnAdapter.class)
@DirtiesContext
class AdapterRestartIT {

    private static final String VERSION = "restarted-v1";
    private static FakeInferenceServer adapter = FakeInferenceServer.start();

    @LocalServerPort
    int port;

    @Autowired
    Models models;

    @AfterAll
    static void stop() {
        adapter.close();
    }

    @Test
    void loadsWhatIsWantedIntoAnAdapterThatWasRestarted() {
        var admin = new AdminClient(port);
        String path = "/models/restarted/versions/" + VERSION;
        admin.post("/models", "{\"name\": \"restarted\"}");
        admin.post("/models/restarted/versions", "{\"name\": \"" + VERSION + "\", \"positions_per_token\": 4}");
        assertThat(admin.post(path + ":load", "").status()).isEqualTo(200);

        int sameAddress = adapter.port();
        adapter.close();
        Answer away = admin.post(path + ":load", "");
        assertThat(away.status()).isEqualTo(503);
        assertThat(away.text("code")).isEqualTo("model_unavailable");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThatThrownBy(() -> models.resolve(VERSION))
                        .isInstanceOfSatisfying(
                                SeedbedException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE)));
        assertThat(admin.get(path).text("state")).isEqualTo("UNKNOWN");

        adapter = FakeInferenceServer.start(sameAddress);

        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(models.resolve(VERSION).name()).isEqualTo(VERSION));
        assertThat(adapter.loads()).contains(VERSION);
    }

    static class OwnAdapter implements ApplicationContextInitializer<ConfigurableApplicationContext> {
        @Override
        public void initialize(ConfigurableApplicationContext context) {
            new ControlPlaneTest.FreshDatabase().initialize(context);
            context.getEnvironment()
                    .getPropertySources()
                    .addFirst(new MapPropertySource(
                            "own-adapter", Map.of("spring.grpc.client.channel.adapter.target", adapter.target())));
        }
    }
}
