package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.answer.Answers;
import dev.seedbed.controlplane.generation.answer.Repetition;
import dev.seedbed.controlplane.generation.http.ClosedConnections.Connection;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.wire.RequestId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.node.ObjectNode;

/** The endpoints that generate; each request runs in a virtual thread of its own. */
@RestController
class CompletionsController {

    /** HTTP carries no deadline; the server's own bound holds. */
    private static final Duration ANY_PATIENCE = Duration.ofDays(1);

    private final Callers callers;
    private final Answers answers;
    private final OpenAiHeaders headers;
    private final ClosedConnections closed;
    private final Clock clock;

    CompletionsController(
            Callers callers, Answers answers, OpenAiHeaders headers, ClosedConnections closed, Clock clock) {
        this.callers = callers;
        this.answers = answers;
        this.headers = headers;
        this.closed = closed;
        this.clock = clock;
    }

    @PostMapping("/v1/completions")
    void complete(HttpServletRequest request, HttpServletResponse response) {
        answer(request, response, OpenAiRequest::completion);
    }

    @PostMapping("/v1/chat/completions")
    void chat(HttpServletRequest request, HttpServletResponse response) {
        answer(request, response, OpenAiRequest::chatCompletion);
    }

    @PostMapping("/v1/fim/completions")
    void fill(HttpServletRequest request, HttpServletResponse response) {
        answer(request, response, OpenAiRequest::fimCompletion);
    }

    private interface Parser {
        OpenAiRequest parse(RequestId id, ObjectNode body);
    }

    private void answer(HttpServletRequest request, HttpServletResponse response, Parser parser) {
        var caller = callers.require(request, Scope.GENERATE);
        var exchange = Exchange.of(request);
        ObjectNode body;
        try {
            body = RequestBody.read(request);
        } catch (IOException e) {
            throw new ClientGoneException("request body not read", e);
        }
        var wanted = parser.parse(exchange.id(), body);
        var repetition = RepetitionHeaders.read(request, clock.instant());
        var shape = OpenAiShape.of(wanted, repetition.received().getEpochSecond());
        if (wanted.stream()) {
            stream(
                    caller,
                    wanted,
                    repetition,
                    new StreamedAnswer(response, shape, wanted.includeUsage(), headers, exchange));
        } else {
            answers.answer(
                    caller,
                    wanted.command(),
                    repetition,
                    ANY_PATIENCE,
                    new WholeAnswer(response, closed, Connection.of(request), shape, headers, exchange));
        }
    }

    private void stream(Caller caller, OpenAiRequest wanted, Repetition repetition, StreamedAnswer answer) {
        try {
            answers.answer(caller, wanted.command(), repetition, ANY_PATIENCE, answer);
        } catch (ClientGoneException gone) {
            throw gone;
        } catch (RuntimeException failure) {
            if (!answer.failed(OpenAiErrors.known(failure))) {
                throw failure;
            }
        }
    }
}
