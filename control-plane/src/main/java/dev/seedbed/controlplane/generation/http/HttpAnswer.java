package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.wire.RequestId;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a whole and a streamed answer have in common: which generation they tell of, and that their client may be gone. */
abstract sealed class HttpAnswer implements GenerationSink permits StreamedAnswer, WholeAnswer {

    private final HttpServletResponse response;
    private final OpenAiHeaders headers;
    private final Exchange exchange;
    private OpenAiShape shape;
    private @Nullable ModelVersion version;

    HttpAnswer(HttpServletResponse response, OpenAiShape shape, OpenAiHeaders headers, Exchange exchange) {
        this.response = response;
        this.shape = shape;
        this.headers = headers;
        this.exchange = exchange;
    }

    @Override
    public final void replays(RequestId original, Instant created) {
        shape = shape.of(original, created.getEpochSecond());
        RepetitionHeaders.writeReplayed(response);
        exchange.replaying();
    }

    @Override
    public void admitted(ModelVersion pinned, List<Budget> after) {
        version = pinned;
        exchange.admitted(RateLimit.of(after));
    }

    final Exchange exchange() {
        return exchange;
    }

    final OpenAiShape shape() {
        return shape;
    }

    /** Once it is admitted. */
    final ModelVersion version() {
        return Objects.requireNonNull(version);
    }

    /** Before anything is written. @return to be given what only one kind of answer has */
    final HttpServletResponse begin(String contentType) {
        headers.write(response, exchange);
        response.setContentType(contentType);
        return response;
    }

    final void write(String text) {
        try {
            response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            response.flushBuffer();
        } catch (IOException e) {
            throw new ClientGoneException("answer not written", e);
        }
    }
}
