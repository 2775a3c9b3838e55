package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.OpenAiError;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an answer as server-sent events. The status is sent with the first event or comment, so that a failure before has a
 * status of its own. A comment each second finds out whether the client is still there.
 */
final class StreamedAnswer extends HttpAnswer {

    private static final long PING_AFTER_NANOS = Duration.ofMillis(700).toNanos();

    private final boolean includeUsage;
    private boolean opened;
    private boolean over;
    private long sentAtNanos = System.nanoTime();

    StreamedAnswer(
            HttpServletResponse response,
            OpenAiShape shape,
            boolean includeUsage,
            OpenAiHeaders headers,
            Exchange exchange) {
        super(response, shape, headers, exchange);
        this.includeUsage = includeUsage;
    }

    @Override
    public void admitted(ModelVersion pinned, List<Budget> after) {
        super.admitted(pinned, after);
        sentAtNanos = System.nanoTime();
    }

    @Override
    public void committed(String text, Work work) {
        event(shape().textChunk(version(), text));
    }

    @Override
    public void draft(String text, int positions, int decidedPositions, Work work) {
        event(shape().draftChunk(version(), text, positions, decidedPositions));
    }

    @Override
    public void idle() {
        if (System.nanoTime() - sentAtNanos > PING_AFTER_NANOS) {
            open();
            send(": ping\n\n");
        }
    }

    @Override
    public void finished(FinishReason reason, String detail, Work work) {
        event(shape().finishChunk(version(), reason, detail));
        if (includeUsage) {
            event(shape().usageChunk(version(), work));
        }
        send("data: [DONE]\n\n");
        over = true;
    }

    /** Ends the stream with an error, if it has begun. @return false: nothing was sent, the error needs a status */
    boolean failed(SeedbedException failure) {
        if (opened && !over) {
            send("data: " + OpenAiError.body(failure) + "\n\n");
        }
        return opened;
    }

    private void event(ObjectNode chunk) {
        open();
        send("data: " + chunk + "\n\n");
    }

    private void open() {
        if (opened) {
            return;
        }
        opened = true;
        var response = begin("text/event-stream;charset=utf-8");
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("X-Accel-Buffering", "no");
        var opening = shape().opening(version());
        if (opening != null) {
            send("data: " + opening + "\n\n");
        }
    }

    private void send(String text) {
        write(text);
        sentAtNanos = System.nanoTime();
    }
}
