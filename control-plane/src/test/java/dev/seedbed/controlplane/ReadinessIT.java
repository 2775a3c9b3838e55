package dev.seedbed.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** On what a replica's readiness depends, and on what it does not. */
class ReadinessIT {

    @Test
    void dependsOnTheDatabaseAndNotOnTheAdapterAndLivenessOnNothing() throws Exception {
        try (var replica =
                new RunningReplica("spring.grpc.client.channel.adapter.target=static://127.0.0.1:" + closedPort())) {
            assertThat(status(replica, "readiness")).isEqualTo(200);
            assertThat(status(replica, "liveness")).isEqualTo(200);

            replica.cutDatabase();
            await().atMost(Duration.ofMinutes(1)).until(() -> status(replica, "readiness") == 503);
            assertThat(status(replica, "liveness")).isEqualTo(200);
        }
    }

    private static int status(RunningReplica replica, String probe) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(
                                            "http://127.0.0.1:" + replica.httpPort() + "/actuator/health/" + probe))
                                    .build(),
                            BodyHandlers.discarding())
                    .statusCode();
        }
    }

    private static int closedPort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
