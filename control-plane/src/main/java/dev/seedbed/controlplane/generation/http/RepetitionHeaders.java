package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.answer.IdempotencyKey;
import dev.seedbed.controlplane.generation.answer.Repetition;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.util.Collections;
import org.jspecify.annotations.Nullable;

/** Headers that say how a request relates to ones before it. */
final class RepetitionHeaders {

    /** OpenAI's clients count their retries in it, and send no idempotency key. */
    private static final String RETRY_COUNT = "x-stainless-retry-count";

    private static final String REPLAYED = "idempotency-replayed";

    private RepetitionHeaders() {}

    /** @throws dev.seedbed.controlplane.wire.SeedbedException INVALID_REQUEST: the key is malformed */
    static Repetition read(HttpServletRequest request, Instant received) {
        return new Repetition(
                IdempotencyKey.of(Collections.list(request.getHeaders(IdempotencyKey.HEADER))),
                count(request.getHeader(RETRY_COUNT)),
                received);
    }

    /** A client that counts in another way does not count. */
    private static @Nullable Integer count(@Nullable String text) {
        return text != null && text.matches("\\d{1,4}") ? Integer.valueOf(text) : null;
    }

    static void writeReplayed(HttpServletResponse response) {
        response.setHeader(REPLAYED, "true");
    }
}
