package dev.seedbed.controlplane.generation.http;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The TCP connections that their clients have closed, as Linux lists them (proc_net_tcp(5)). Nothing is read from a connection to find out, so
 * that a request which its client has sent ahead of its turn is left alone. On other systems it knows of none.
 */
@Component
final class ClosedConnections {

    private static final Logger log = LoggerFactory.getLogger(ClosedConnections.class);

    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    /** TCP's CLOSE_WAIT: the other end has sent its last byte, and this end has not closed yet. */
    private static final String CLOSED_BY_PEER = "08";

    /** Before an IPv4 address in the table of IPv6: those of a server that listens for both. */
    private static final String MAPPED = "0000000000000000FFFF0000";

    private final ReentrantLock looking = new ReentrantLock();

    @GuardedBy("looking")
    private Set<String> closed = Set.of();

    @GuardedBy("looking")
    private @Nullable Long lookedAtNanos;

    ClosedConnections() {
        if (TABLES.stream().noneMatch(Files::isReadable)) {
            log.warn(
                    "clients that leave while they wait for a whole answer are not noticed: {} cannot be read", TABLES);
        }
    }

    /** One connection; addresses as literals. */
    record Connection(String local, int localPort, String peer, int peerPort) {

        static Connection of(HttpServletRequest request) {
            return new Connection(
                    request.getLocalAddr(), request.getLocalPort(), request.getRemoteAddr(), request.getRemotePort());
        }

        /** As it may be listed. */
        private List<String> spellings() {
            var here = InetAddress.ofLiteral(local);
            var there = InetAddress.ofLiteral(peer);
            var plain = spelling("", here, there);
            return here instanceof Inet4Address && there instanceof Inet4Address
                    ? List.of(plain, spelling(MAPPED, here, there))
                    : List.of(plain);
        }

        private String spelling(String before, InetAddress here, InetAddress there) {
            return "%s%s:%04X %s%s:%04X".formatted(before, hex(here), localPort, before, hex(there), peerPort);
        }

        /** Each four bytes as a number of this machine's byte order. */
        private static String hex(InetAddress address) {
            var words = ByteBuffer.wrap(address.getAddress()).order(ByteOrder.nativeOrder());
            var text = new StringBuilder();
            while (words.hasRemaining()) {
                text.append("%08X".formatted(words.getInt()));
            }
            return text.toString();
        }
    }

    /** @param atMostOld how long ago may have been looked */
    boolean contains(Connection connection, Duration atMostOld) {
        var found = newest(atMostOld);
        return connection.spellings().stream().anyMatch(found::contains);
    }

    private Set<String> newest(Duration atMostOld) {
        looking.lock();
        try {
            var now = System.nanoTime();
            if (lookedAtNanos == null || now - lookedAtNanos > atMostOld.toNanos()) {
                closed = read();
                lookedAtNanos = now;
            }
            return closed;
        } finally {
            looking.unlock();
        }
    }

    private static Set<String> read() {
        var found = new HashSet<String>();
        for (var table : TABLES) {
            try (var lines = Files.lines(table, StandardCharsets.US_ASCII)) {
                lines.filter(line -> line.contains(" " + CLOSED_BY_PEER + " ")).forEach(line -> {
                    // sl, local address, remote address, state
                    var columns = line.strip().split("\\s+", 5);
                    if (columns[3].equals(CLOSED_BY_PEER)) {
                        found.add(columns[1] + " " + columns[2]);
                    }
                });
            } catch (IOException e) {
                log.debug("connections not listed: {}: {}", table, e.toString());
            }
        }
        return found;
    }
}
