package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.CallerLimits;
import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.generation.RateLimitHeaders;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * What every answer below {@code /v1} says beside its body: how long it took, and where the caller's limits stand. An admitted
 * request tells them as its reservation left them, a refused one as the refusal found them, any other as they are. Without a caller there are none.
 */
@Component
class OpenAiHeaders {

    /** The version of OpenAI's API whose shapes these are. */
    static final String VERSION = "2020-10-01";

    private static final Logger log = LoggerFactory.getLogger(OpenAiHeaders.class);

    private final CallerLimits limits;

    OpenAiHeaders(CallerLimits limits) {
        this.limits = limits;
    }

    void write(HttpServletResponse response, Exchange exchange) {
        response.setHeader("openai-processing-ms", Long.toString(exchange.elapsedMillis()));
        RateLimitHeaders.of(limitsOf(exchange)).forEach((name, values) -> {
            response.setHeader(name, values.getFirst());
            values.stream().skip(1).forEach(value -> response.addHeader(name, value));
        });
    }

    private List<RateLimit> limitsOf(Exchange exchange) {
        var caller = exchange.caller();
        if (caller == null) {
            return List.of();
        }
        var known = exchange.admittedUnder() == null ? exchange.refusedUnder() : exchange.admittedUnder();
        if (known != null) {
            return known;
        }
        try {
            return limits.of(caller);
        } catch (RuntimeException e) {
            if (!DatabaseFailure.mayPass(e)) {
                throw e;
            }
            log.debug("limits not read", e);
            return List.of();
        }
    }
}
