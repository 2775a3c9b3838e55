package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.RunningReplica;
import dev.seedbed.controlplane.quota.Quotas;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a collector of traces gets. */
class TracesIT {

    private static final String TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

    private final List<String> received = new CopyOnWriteArrayList<>();
    private HttpServer collector;

    @BeforeEach
    void startCollector() throws IOException {
        ControlPlaneTest.ADAPTER.reset();
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            // Ids are bytes and names are text in the message: both can be found without its schema.
            received.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
    }

    @AfterEach
    void stopCollector() {
        collector.stop(0);
    }

    @Test
    void holdsTheCallersTraceFromTheRequestToTheCallOfTheAdapterAndNoTextOfThePrompt() {
        try (var replica = new RunningReplica(
                "management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
                        + collector.getAddress().getPort() + "/v1/traces",
                "management.opentelemetry.tracing.export.schedule-delay=100ms",
                // The caller's own decision counts.
                "management.tracing.sampling.probability=0")) {
            var tenant = TestingTenant.create(replica.httpPort(), replica.bean(Quotas.class), TestingTenant.PLENTY);
            var answer = tenant.send(tenant.request("/v1/completions")
                    .header("Content-Type", "application/json")
                    .header("traceparent", "00-" + TRACE_ID + "-00f067aa0ba902b7-01")
                    .POST(BodyPublishers.ofString("{\"prompt\": \"a very secret prompt\"}")));
            assertThat(answer.statusCode()).isEqualTo(200);
            var requestId = answer.headers().firstValue("x-request-id").orElseThrow();
            await().untilAsserted(() -> assertThat(spans())
                    .contains("/v1/completions", "seedbed.inference.v1.InferenceService/Generate", requestId)
                    .contains(traceId()));
            assertThat(spans()).doesNotContain("very secret");
        }
    }

    private String spans() {
        return String.join("\n", received);
    }

    private static String traceId() {
        return new String(HexFormat.of().parseHex(TRACE_ID), StandardCharsets.ISO_8859_1);
    }
}
