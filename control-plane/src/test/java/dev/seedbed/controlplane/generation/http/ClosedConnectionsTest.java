package dev.seedbed.controlplane.generation.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.generation.http.ClosedConnections.Connection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClosedConnectionsTest {

    @ParameterizedTest
    @CsvSource({"INET, 127.0.0.1", "INET6, 127.0.0.1", "INET6, ::1"})
    void knowsAConnectionOnceItsClientHasClosedIt(StandardProtocolFamily listening, String address) throws Exception {
        var closed = new ClosedConnections();
        var host = InetAddress.ofLiteral(address);
        try (var server = ServerSocketChannel.open(listening)) {
            server.bind(new InetSocketAddress(host, 0));
            var port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            try (var other = new Socket(host, port);
                    var otherAccepted = server.accept();
                    var client = new Socket(host, port);
                    var accepted = server.accept()) {
                var connection = new Connection(address, port, address, client.getLocalPort());
                var stillOpen = new Connection(address, port, address, other.getLocalPort());
                assertThat(closed.contains(connection, Duration.ZERO)).isFalse();

                client.close();

                await().until(() -> closed.contains(connection, Duration.ZERO));
                assertThat(closed.contains(stillOpen, Duration.ZERO)).isFalse();
                assertThat(accepted.isOpen()).isTrue();
                assertThat(otherAccepted.isOpen()).isTrue();
            }
        }
    }
}
