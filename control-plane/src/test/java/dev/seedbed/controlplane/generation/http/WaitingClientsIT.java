package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.quota.Quotas;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.testkit.FakeInferenceServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Clients that wait for a whole answer, on connections of their own. */
@ControlPlaneTest
class WaitingClientsIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    private static final long LONG_ENOUGH_TO_LOOK_MILLIS = 1500;

    @LocalServerPort
    int port;

    @Autowired
    Quotas quotas;

    @Autowired
    JdbcClient jdbc;

    TestingTenant tenant;

    @BeforeEach
    void newTenant() {
        adapter.reset();
        tenant = TestingTenant.create(port, quotas, TestingTenant.PLENTY);
    }

    @Test
    void stopsAndBillsUntilThenWhenTheConnectionIsClosed() throws Exception {
        var cancelled = adapter.runUntilCancelled("one ");
        try (var connection = connect()) {
            send(connection, request("say it"));
            await().until(() -> adapter.requests().size() == 1);
        }
        cancelled.await();
        await().untilAsserted(() -> assertThat(tenant.budget(Unit.OUTPUT_TOKEN))
                .extracting(Budget::posted, Budget::reserved)
                .containsExactly(1L, 0L));
        assertThat(jdbc.sql("SELECT finish_detail FROM usage_generation WHERE tenant_id = ?")
                        .param(tenant.id().value())
                        .query(String.class)
                        .list())
                .containsExactly("client_gone");
    }

    @Test
    void doesNotCountAnAnswerAsDeliveredThatEndsAfterTheConnection() throws Exception {
        var goOn = new CountDownLatch(1);
        adapter.script(FakeInferenceServer.pausedAfterOneWord(goOn));
        try (var connection = connect()) {
            send(connection, request("say it", "x-stainless-retry-count: 0"));
            await().until(() -> adapter.requests().size() == 1);
        }
        Thread.sleep(LONG_ENOUGH_TO_LOOK_MILLIS);
        goOn.countDown();

        await().untilAsserted(() -> assertThat(jdbc.sql(
                                "SELECT undelivered FROM answer_attempt JOIN usage_generation USING (request_id) WHERE tenant_id = ?")
                        .param(tenant.id().value())
                        .query(Boolean.class)
                        .list())
                .containsExactly(true));
    }

    @Test
    void answersWhatWasSentAheadOfItsTurn() throws Exception {
        adapter.script((request, generation) -> {
            generation.prefill();
            generation.commit("one ", 1);
            Thread.sleep(LONG_ENOUGH_TO_LOOK_MILLIS);
            generation.commit("two", 1);
            generation.stop();
        });
        try (var connection = connect()) {
            send(connection, request("first") + request("second") + request("third", "Connection: close"));
            var answers = new Scanner(connection.getInputStream(), StandardCharsets.UTF_8);
            assertThat(answers.findWithinHorizon("one two(?s:.)*one two(?s:.)*one two", 0))
                    .isNotNull();
        }
        assertThat(adapter.requests())
                .extracting(request -> request.getPrompt())
                .containsExactly("first", "second", "third");
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    private static void send(Socket connection, String requests) throws IOException {
        connection.getOutputStream().write(requests.getBytes(StandardCharsets.UTF_8));
    }

    private String request(String prompt) {
        return request(prompt, "Connection: keep-alive");
    }

    private String request(String prompt, String header) {
        var body = "{\"prompt\": \"%s\", \"max_tokens\": 20}".formatted(prompt);
        return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n\r\n%s"
                .formatted(tenant.key(), body.length(), header, body);
    }
}
