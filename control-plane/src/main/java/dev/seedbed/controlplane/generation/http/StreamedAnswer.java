package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.OpenAiError;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an answer as server-sent events. The status is sent with the first event or comment, so that a failure before has a
 * status of its own. A comment each second finds out whether the client is still there.
 */
final class StreamedAnswer implements GenerationSink {

    private static final long PING_AFTER_NANOS = Duration.ofMillis(700).toNanos();

    private final HttpServletResponse response;
    private OpenAiShape shape;
    private final boolean includeUsage;
    private final OpenAiHeaders headers;
    private final Exchange exchange;
    private @Nullable ModelVersion version;
    private boolean opened;
    private boolean over;
    private long writtenAtNanos = System.nanoTime();

    StreamedAnswer(
            HttpServletResponse response,
            OpenAiShape shape,
            boolean includeUsage,
            OpenAiHeaders headers,
            Exchange exchange) {
        this.response = response;
        this.shape = shape;
        this.includeUsage = includeUsage;
        this.headers = headers;
        this.exchange = exchange;
    }

    @Override
    public void replays(RequestId original, Instant created) {
        shape = shape.of(original, created.getEpochSecond());
        RepetitionHeaders.writeReplayed(response);
        exchange.replaying();
    }

    @Override
    public void admitted(ModelVersion pinned, List<Budget> after) {
        version = pinned;
        exchange.admitted(RateLimit.of(after));
        writtenAtNanos = System.nanoTime();
    }

    @Override
    public void committed(String text, Work work) {
        event(shape.textChunk(version(), text));
    }

    @Override
    public void draft(String text, int positions, int decidedPositions, Work work) {
        event(shape.draftChunk(version(), text, positions, decidedPositions));
    }

    @Override
    public void idle() {
        if (System.nanoTime() - writtenAtNanos > PING_AFTER_NANOS) {
            open();
            write(": ping\n\n");
        }
    }

    @Override
    public void finished(FinishReason reason, String detail, Work work) {
        event(shape.finishChunk(version(), reason, detail));
        if (includeUsage) {
            event(shape.usageChunk(version(), work));
        }
        write("data: [DONE]\n\n");
        over = true;
    }

    /** Ends the stream with an error, if it has begun. @return false: nothing was sent, the error needs a status */
    boolean failed(SeedbedException failure) {
        if (opened && !over) {
            write("data: " + OpenAiError.body(failure) + "\n\n");
        }
        return opened;
    }

    private ModelVersion version() {
        return Objects.requireNonNull(version);
    }

    private void event(ObjectNode chunk) {
        open();
        write("data: " + chunk + "\n\n");
    }

    private void open() {
        if (opened) {
            return;
        }
        opened = true;
        headers.write(response, exchange);
        response.setContentType("text/event-stream;charset=utf-8");
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("X-Accel-Buffering", "no");
        var opening = shape.opening(version());
        if (opening != null) {
            write("data: " + opening + "\n\n");
        }
    }

    private void write(String text) {
        try {
            response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            response.flushBuffer();
        } catch (IOException e) {
            throw new ClientGoneException("stream not written", e);
        }
        writtenAtNanos = System.nanoTime();
    }
}
