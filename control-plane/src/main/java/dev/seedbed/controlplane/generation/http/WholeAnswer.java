package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.generation.http.ClosedConnections.Connection;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;

/**
 * Collects an answer and writes it in one piece. Nothing can be written before, so whether the client is still there is not learnt by
 * writing: it is looked up, once the request has taken longer than most do.
 */
final class WholeAnswer implements GenerationSink {

    /** What takes less is not looked up: few clients give up so soon. */
    private static final Duration LONG = Duration.ofSeconds(1);

    private static final Duration LOOK_PERIOD = Duration.ofMillis(250);

    /** Before the one write: a client that leaves later than that counts as served. */
    private static final Duration LAST_LOOK = Duration.ofMillis(100);

    private final HttpServletResponse response;
    private final ClosedConnections closed;
    private final Connection connection;
    private OpenAiShape shape;
    private final OpenAiHeaders headers;
    private final Exchange exchange;
    private final StringBuilder text = new StringBuilder();
    private @Nullable ModelVersion version;

    WholeAnswer(
            HttpServletResponse response,
            ClosedConnections closed,
            Connection connection,
            OpenAiShape shape,
            OpenAiHeaders headers,
            Exchange exchange) {
        this.response = response;
        this.closed = closed;
        this.connection = connection;
        this.shape = shape;
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
    }

    @Override
    public void committed(String more, Work work) {
        text.append(more);
        requireClient(LOOK_PERIOD);
    }

    @Override
    public void draft(String draft, int positions, int decidedPositions, Work work) {
        requireClient(LOOK_PERIOD);
    }

    @Override
    public void idle() {
        requireClient(LOOK_PERIOD);
    }

    @Override
    public void finished(FinishReason reason, String detail, Work work) {
        requireClient(LAST_LOOK);
        var body = shape.whole(Objects.requireNonNull(version), text.toString(), reason, detail, work);
        headers.write(response, exchange);
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        try {
            response.getOutputStream().write(body.toString().getBytes(StandardCharsets.UTF_8));
            response.flushBuffer();
        } catch (IOException e) {
            throw new ClientGoneException("answer not written", e);
        }
    }

    private void requireClient(Duration lookedAtMost) {
        if (exchange.elapsedMillis() >= LONG.toMillis() && closed.contains(connection, lookedAtMost)) {
            throw new ClientGoneException("connection closed by its client");
        }
    }
}
