package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.wire.RequestId;
import io.micrometer.common.KeyValue;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import org.slf4j.MDC;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.filter.ServerHttpObservationFilter;

/**
 * Gives every request below {@code /v1} its id: in the response's headers and in the log. A replica that is about to end asks its clients
 * to come by another connection, which a balancer brings to another replica.
 */
@Component
class OpenAiFilter extends OncePerRequestFilter {

    private static final String PREFIX = "/v1";

    private final Clock clock;
    private final ApplicationAvailability availability;

    OpenAiFilter(Clock clock, ApplicationAvailability availability) {
        this.clock = clock;
        this.availability = availability;
    }

    static boolean covers(HttpServletRequest request) {
        // The decoded and normalised path.
        var path = request.getServletPath();
        return path.equals(PREFIX) || path.startsWith(PREFIX + "/");
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !covers(request);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        var id = RequestId.next(clock);
        Exchange.begin(request, id);
        response.setHeader("x-request-id", id.toString());
        response.setHeader("openai-version", OpenAiHeaders.VERSION);
        ServerHttpObservationFilter.findObservationContext(request)
                .ifPresent(trace -> trace.addHighCardinalityKeyValue(KeyValue.of("seedbed.request_id", id.toString())));
        response.setHeader("Cache-Control", "no-store");
        if (availability.getReadinessState() == ReadinessState.REFUSING_TRAFFIC) {
            response.setHeader("Connection", "close");
        }
        try (var inLog = MDC.putCloseable("requestId", id.toString())) {
            chain.doFilter(request, response);
        }
    }
}
