package dev.seedbed.testkit.paced;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** POSTs one and the same body, with each of the keys in turn, over connections that stay open; opens another when none is idle. */
final class HttpTarget implements Target {

    private static final byte[] TOKEN = Pace.TOKEN.strip().getBytes(StandardCharsets.US_ASCII);

    private final URI url;
    private final List<byte[]> requests;
    private final AtomicInteger turn = new AtomicInteger();
    private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();

    HttpTarget(URI url, List<String> keys, String body) {
        this.url = url;
        this.requests = keys.stream().map(key -> request(url, key, body)).toList();
    }

    private static byte[] request(URI url, String key, String body) {
        return "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(url.getPath(), url.getAuthority(), key, body.getBytes(StandardCharsets.UTF_8).length, body)
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public long call() throws IOException, CallFailedException {
        var request = requests.get(Math.floorMod(turn.getAndIncrement(), requests.size()));
        var found = idle.pollFirst();
        var connection = found == null ? new Connection(url) : found;
        var reusable = false;
        try {
            var head = connection.ask(request);
            if (head == null && found != null) {
                // The server had closed it while it was idle.
                connection.close();
                connection = new Connection(url);
                head = connection.ask(request);
            }
            if (head == null) {
                throw new CallFailedException("closed");
            }
            var first = head.chunked() ? readChunks(connection.in) : readWhole(connection.in, head.contentLength());
            reusable = !head.closes();
            if (head.status() != 200) {
                throw new CallFailedException("status " + head.status());
            }
            if (first == 0) {
                throw new CallFailedException("no token in the answer");
            }
            return first;
        } finally {
            if (reusable) {
                idle.addFirst(connection);
            } else {
                connection.close();
            }
        }
    }

    /** @return when the token was seen; 0 when it was not */
    private static long readWhole(InputStream in, int length) throws IOException {
        var seen = contains(in.readNBytes(length), length);
        return seen ? System.nanoTime() : 0;
    }

    private static long readChunks(InputStream in) throws IOException {
        var first = 0L;
        while (true) {
            var line = Http.readLine(in);
            if (line == null) {
                throw new IOException("connection ended within a body");
            }
            var length = Integer.parseInt(line, 16);
            var content = in.readNBytes(length);
            Http.readLine(in);
            if (length == 0) {
                return first;
            }
            if (first == 0 && contains(content, length)) {
                first = System.nanoTime();
            }
        }
    }

    private static boolean contains(byte[] content, int length) {
        outer:
        for (var at = 0; at <= length - TOKEN.length; at++) {
            for (var i = 0; i < TOKEN.length; i++) {
                if (content[at + i] != TOKEN[i]) {
                    continue outer;
                }
            }
            return true;
        }
        return false;
    }

    @Override
    public void close() {
        idle.forEach(Connection::close);
    }

    private static final class Connection {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Connection(URI url) throws IOException {
            socket = new Socket(url.getHost(), url.getPort());
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        }

        /** @return null when the server had closed the connection before */
        Http.@Nullable Head ask(byte[] request) throws IOException {
            try {
                out.write(request);
                return Http.readHead(in);
            } catch (SocketException reset) {
                return null;
            }
        }

        void close() {
            try {
                socket.close();
            } catch (IOException alreadyGone) {
                // Nothing is left to close.
            }
        }
    }
}
