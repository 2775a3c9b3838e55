package dev.seedbed.testkit.paced;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Answers any POST with a chat completion at its pace, whole or streamed, over HTTP/1.1 connections that stay open. */
final class PacedOpenAi {

    private static final String CHUNK =
            "{\"id\":\"chatcmpl-paced\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"paced\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}";
    private static final byte[] STREAM_HEAD = ascii(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
    private static final byte[] ROLE = event(CHUNK.formatted("{\"role\":\"assistant\",\"content\":\"\"}", "null"));
    private static final byte[] DELTA = event(CHUNK.formatted("{\"content\":\"" + Pace.TOKEN + "\"}", "null"));
    private static final byte[] STOP = event(CHUNK.formatted("{}", "\"stop\""));
    private static final byte[] DONE = event("[DONE]");
    private static final byte[] END = ascii("0\r\n\r\n");

    private final Pace pace;
    private final byte[] whole;

    private PacedOpenAi(Pace pace) {
        this.pace = pace;
        var body = ascii(
                ("{\"id\":\"chatcmpl-paced\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"paced\",\"choices\":[{\"index\":0,"
                                + "\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"stop\"}],"
                                + "\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":%d,\"total_tokens\":%d}}")
                        .formatted(Pace.TOKEN.repeat(pace.tokens()), pace.tokens(), pace.tokens() + 8));
        this.whole = joined(
                ascii("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        .formatted(body.length)),
                body);
    }

    static void start(int port, Pace pace) throws IOException {
        var listening = new ServerSocket(port, 1024, InetAddress.getLoopbackAddress());
        var server = new PacedOpenAi(pace);
        Thread.ofPlatform().name("paced-openai").start(() -> server.accept(listening));
    }

    private void accept(ServerSocket listening) {
        while (true) {
            try {
                var connection = listening.accept();
                connection.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException e) {
                throw new IllegalStateException("no more connections on port " + listening.getLocalPort(), e);
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            var in = new BufferedInputStream(connection.getInputStream());
            var out = connection.getOutputStream();
            while (true) {
                var head = Http.readHead(in);
                if (head == null) {
                    return;
                }
                var body = in.readNBytes(head.contentLength());
                var began = System.nanoTime();
                if (new String(body, StandardCharsets.UTF_8).replace(" ", "").contains("\"stream\":true")) {
                    stream(out, began);
                } else {
                    pace.await(began, pace.tokens() - 1);
                    out.write(whole);
                }
            }
        } catch (IOException gone) {
            // The client closed its connection.
        }
    }

    private void stream(OutputStream out, long began) throws IOException {
        for (var token = 0; token < pace.tokens(); token++) {
            pace.await(began, token);
            out.write(token == 0 ? joined(STREAM_HEAD, ROLE, DELTA) : DELTA);
        }
        out.write(joined(STOP, DONE, END));
    }

    /** A server-sent event as a chunk of the body. */
    private static byte[] event(String data) {
        var content = "data: " + data + "\n\n";
        return ascii(Integer.toHexString(content.length()) + "\r\n" + content + "\r\n");
    }

    private static byte[] joined(byte[]... parts) {
        var length = 0;
        for (var part : parts) {
            length += part.length;
        }
        var whole = new byte[length];
        var at = 0;
        for (var part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
