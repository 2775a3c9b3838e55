package dev.seedbed.testkit.paced;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoadGeneratorTest {

    private final LoadGenerator generator = new LoadGenerator();
    private final Set<String> shownKeys = ConcurrentHashMap.newKeySet();
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            shownKeys.add(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.getRequestBody().readAllBytes();
            var body = Pace.TOKEN.getBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void showsTheKeysOfTheRunAlsoWhenAnotherCalledTheSameAddress() throws Exception {
        assertThat(keysShownBy("a,b")).containsExactlyInAnyOrder("Bearer a", "Bearer b");
        assertThat(keysShownBy("c")).containsExactly("Bearer c");
    }

    private Set<String> keysShownBy(String keys) throws InterruptedException {
        shownKeys.clear();
        generator.run(Options.of(List.of(
                "--target=http://127.0.0.1:" + server.getAddress().getPort() + "/",
                "--keys=" + keys,
                "--body={}",
                "--concurrency=2",
                "--seconds=0.2")));
        return Set.copyOf(shownKeys);
    }
}
