package dev.seedbed.controlplane.database;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between one client and a server, and counts how often the client speaks after the server has spoken. */
final class RoundTrips implements AutoCloseable {

    private final ServerSocket listener;
    private final int serverPort;
    private final AtomicBoolean serverSpoke = new AtomicBoolean(true);
    private final AtomicInteger count = new AtomicInteger();

    RoundTrips(int serverPort) throws IOException {
        this.listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        this.serverPort = serverPort;
        Thread.ofVirtual().start(this::serve);
    }

    int port() {
        return listener.getLocalPort();
    }

    int count() {
        return count.get();
    }

    private void serve() {
        try (var client = listener.accept();
                var server = new Socket(InetAddress.getLoopbackAddress(), serverPort)) {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            var answers = Thread.ofVirtual().start(() -> pass(server, client, () -> serverSpoke.set(true)));
            pass(client, server, () -> {
                if (serverSpoke.getAndSet(false)) {
                    count.incrementAndGet();
                }
            });
            server.shutdownOutput();
            answers.join();
        } catch (IOException | InterruptedException e) {
            // The client sees its connection end.
        }
    }

    /** @param heard before what was read is passed on */
    private static void pass(Socket from, Socket to, Runnable heard) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            var buffer = new byte[65_536];
            for (int n; (n = in.read(buffer)) > 0; ) {
                heard.run();
                out.write(buffer, 0, n);
                out.flush();
            }
        } catch (IOException e) {
            // One of both is gone.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
