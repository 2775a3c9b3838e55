package dev.seedbed.controlplane.admin;

import dev.seedbed.controlplane.wire.SeedbedException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a list is asked for. Lists are ordered by a key that never changes; a page begins after the last key of the one
 * before it, so that rows which come or go in between neither repeat nor hide others.
 *
 * @param size most items of the page
 * @param after key of the last item that was seen, null at the beginning
 */
public record PageQuery(int size, @Nullable String after) {

    private static final int DEFAULT_SIZE = 50;
    private static final int MAX_SIZE = 1000;
    private static final String TOKEN_FORMAT = "1:";

    /** Reads {@code page_size} and {@code page_token}; null or empty means absent. */
    public static PageQuery of(@Nullable Integer pageSize, @Nullable String pageToken) {
        int size = pageSize == null ? DEFAULT_SIZE : pageSize;
        if (size < 1 || size > MAX_SIZE) {
            throw SeedbedException.invalid(
                    "page_size", "page_size out of range: " + size + " (expected: 1.." + MAX_SIZE + ")");
        }
        return new PageQuery(size, pageToken == null || pageToken.isEmpty() ? null : decode(pageToken));
    }

    /** {@link #after} of a list whose key is a UUID. */
    public @Nullable UUID afterId() {
        try {
            return after == null ? null : UUID.fromString(after);
        } catch (IllegalArgumentException e) {
            throw malformed();
        }
    }

    /** Below which the keys of the page are, in a list that begins with the largest number. */
    public long below() {
        try {
            return after == null ? Long.MAX_VALUE : Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw malformed();
        }
    }

    /** How many rows to read: one more than the page holds tells whether there is a next one. */
    public int rowsToRead() {
        return size + 1;
    }

    /** Cuts the rows read to a page. */
    public <T> Page<T> page(List<T> rows, Function<T, String> key) {
        if (rows.size() <= size) {
            return new Page<>(rows, null);
        }
        List<T> items = rows.subList(0, size);
        return new Page<>(items, encode(key.apply(items.getLast())));
    }

    private static String encode(String key) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((TOKEN_FORMAT + key).getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String token) {
        try {
            String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            if (text.startsWith(TOKEN_FORMAT)) {
                return text.substring(TOKEN_FORMAT.length());
            }
        } catch (IllegalArgumentException e) {
            // Not Base64: falls through to the same answer.
        }
        throw malformed();
    }

    private static SeedbedException malformed() {
        return SeedbedException.invalid(
                "page_token", "page_token is malformed (expected: next_page_token of the page before)");
    }

    /**
     * @param nextPageToken null on the last page
     */
    public record Page<T>(List<T> items, @Nullable String nextPageToken) {}
}
