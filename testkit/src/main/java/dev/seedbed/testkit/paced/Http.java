package dev.seedbed.testkit.paced;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** As much of HTTP/1.1 as the measuring devices speak. */
final class Http {

    private static final int MOST_HEAD_BYTES = 64 * 1024;

    private Http() {}

    /**
     * @param status of an answer; 0 of a request
     * @param contentLength 0 when none is named
     */
    record Head(int status, int contentLength, boolean chunked, boolean closes) {}

    /** @return null at the end of the connection */
    static @Nullable Head readHead(InputStream in) throws IOException {
        var line = readLine(in);
        if (line == null) {
            return null;
        }
        var status = line.startsWith("HTTP/") ? Integer.parseInt(line.split(" ", 3)[1]) : 0;
        var length = 0;
        var chunked = false;
        var closes = false;
        while (true) {
            var header = readLine(in);
            if (header == null) {
                throw new EOFException("connection ended within a head");
            }
            if (header.isEmpty()) {
                return new Head(status, length, chunked, closes);
            }
            var colon = header.indexOf(':');
            if (colon < 0) {
                throw new IOException("not a header: " + header);
            }
            var value = header.substring(colon + 1).strip();
            switch (header.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "content-length" -> length = Integer.parseInt(value);
                case "transfer-encoding" -> chunked = value.equalsIgnoreCase("chunked");
                case "connection" -> closes = value.equalsIgnoreCase("close");
                default -> {}
            }
        }
    }

    /** Without its end; null at the end of the connection. */
    static @Nullable String readLine(InputStream in) throws IOException {
        var line = new byte[128];
        var length = 0;
        for (var octet = in.read(); octet >= 0; octet = in.read()) {
            if (octet == '\n') {
                var end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
                return new String(line, 0, end, StandardCharsets.ISO_8859_1);
            }
            if (length == line.length) {
                if (length >= MOST_HEAD_BYTES) {
                    throw new IOException("line too long: > %d bytes".formatted(MOST_HEAD_BYTES));
                }
                line = Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) octet;
        }
        if (length > 0) {
            throw new EOFException("connection ended within a line");
        }
        return null;
    }
}
