package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.http.ClosedConnections.Connection;
import dev.seedbed.controlplane.usage.Work;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import org.springframework.http.MediaType;

/**
 * Collects an answer and writes it in one piece. Nothing can be written before, so whether the client is still there is not learnt by
 * writing: it is looked up, once the request has taken longer than most do.
 */
final class WholeAnswer extends HttpAnswer {

    /** What takes less is not looked up: few clients give up so soon. */
    private static final Duration LONG = Duration.ofSeconds(1);

    private static final Duration LOOK_PERIOD = Duration.ofMillis(250);

    /** Before the one write: a client that leaves later than that counts as served. */
    private static final Duration LAST_LOOK = Duration.ofMillis(100);

    private final ClosedConnections closed;
    private final Connection connection;
    private final StringBuilder text = new StringBuilder();

    WholeAnswer(
            HttpServletResponse response,
            ClosedConnections closed,
            Connection connection,
            OpenAiShape shape,
            OpenAiHeaders headers,
            Exchange exchange) {
        super(response, shape, headers, exchange);
        this.closed = closed;
        this.connection = connection;
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
        var body = shape().whole(version(), text.toString(), reason, detail, work);
        begin(MediaType.APPLICATION_JSON_VALUE);
        write(body.toString());
    }

    private void requireClient(Duration lookedAtMost) {
        if (exchange().elapsedMillis() >= LONG.toMillis() && closed.contains(connection, lookedAtMost)) {
            throw new ClientGoneException("connection closed by its client");
        }
    }
}
