package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.generation.Generations;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.wire.RequestId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/completions} and {@code POST /v1/chat/completions}; each runs in its request's own virtual thread. */
@RestController
class CompletionsController {

    /** HTTP carries no deadline; the server's own bound holds. */
    private static final Duration ANY_PATIENCE = Duration.ofDays(1);

    private final ApiKeys apiKeys;
    private final Generations generations;
    private final Clock clock;

    CompletionsController(ApiKeys apiKeys, Generations generations, Clock clock) {
        this.apiKeys = apiKeys;
        this.generations = generations;
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

    private interface Parser {
        OpenAiRequest parse(RequestId id, ObjectNode body);
    }

    private void answer(HttpServletRequest request, HttpServletResponse response, Parser parser) {
        var startedAtNanos = System.nanoTime();
        var caller = apiKeys.authenticate(request.getHeader("Authorization"));
        ObjectNode body;
        try {
            body = RequestBody.read(request);
        } catch (IOException e) {
            throw new ClientGoneException("request body not read", e);
        }
        var wanted = parser.parse(OpenAiFilter.idOf(request), body);
        var shape = OpenAiShape.of(wanted, clock.instant().getEpochSecond());
        if (wanted.stream()) {
            stream(caller, wanted, new StreamedAnswer(response, shape, wanted.includeUsage(), startedAtNanos));
        } else {
            generations.generate(
                    caller, wanted.command(), ANY_PATIENCE, new WholeAnswer(response, shape, startedAtNanos));
        }
    }

    private void stream(Caller caller, OpenAiRequest wanted, StreamedAnswer answer) {
        try {
            generations.generate(caller, wanted.command(), ANY_PATIENCE, answer);
        } catch (ClientGoneException gone) {
            throw gone;
        } catch (RuntimeException failure) {
            if (!answer.failed(OpenAiErrors.known(failure))) {
                throw failure;
            }
        }
    }
}
