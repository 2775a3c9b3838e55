package dev.seedbed.controlplane.generation.answer;

import static dev.seedbed.controlplane.wire.SeedbedException.invalid;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a client names a request with, so that repeating it generates nothing new: 1 to 255 visible ASCII characters, compared as they are. */
public record IdempotencyKey(String text) {

    public static final String HEADER = "idempotency-key";
    private static final int MAX_CHARS = 255;

    /**
     * @param values of all headers of the name
     * @throws dev.seedbed.controlplane.wire.SeedbedException INVALID_REQUEST
     */
    public static @Nullable IdempotencyKey of(List<String> values) {
        if (values.isEmpty()) {
            return null;
        }
        if (values.size() > 1) {
            throw invalid(HEADER, "idempotency-key given %d times (expected: once)".formatted(values.size()));
        }
        var text = values.getFirst();
        if (text.isEmpty() || text.length() > MAX_CHARS) {
            throw invalid(
                    HEADER,
                    "idempotency-key out of range: %d characters (expected: 1..%d)"
                            .formatted(text.length(), MAX_CHARS));
        }
        for (int i = 0; i < text.length(); i++) {
            var unit = text.charAt(i);
            if (unit <= ' ' || unit > '~') {
                throw invalid(
                        HEADER,
                        "idempotency-key holds U+%04X at index %d (expected: visible ASCII)".formatted((int) unit, i));
            }
        }
        return new IdempotencyKey(text);
    }

    /** Never in a log. */
    @Override
    public String toString() {
        return "IdempotencyKey[%d characters]".formatted(text.length());
    }
}
