package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException;
import dev.seedbed.controlplane.usage.Rejection;
import dev.seedbed.controlplane.usage.Rejections;
import dev.seedbed.controlplane.wire.DatabaseFailure;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.ErrorType;
import dev.seedbed.controlplane.wire.OpenAiError;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.resource.NoResourceFoundException;

/** Answers every exception below {@code /v1} with OpenAI's error body, also where no controller was found. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class OpenAiErrors implements HandlerExceptionResolver {

    private static final Logger log = LoggerFactory.getLogger(OpenAiErrors.class);

    private final OpenAiHeaders headers;
    private final Rejections rejections;

    OpenAiErrors(OpenAiHeaders headers, Rejections rejections) {
        this.headers = headers;
        this.rejections = rejections;
    }

    @Override
    public @Nullable ModelAndView resolveException(
            HttpServletRequest request, HttpServletResponse response, @Nullable Object handler, Exception cause) {
        if (!OpenAiFilter.covers(request)) {
            return null;
        }
        if (!response.isCommitted() && !(cause instanceof ClientGoneException)) {
            try {
                var failure = known(cause);
                Exchange.of(request).failed(failure);
                note(request, failure);
                write(Exchange.of(request), response, failure);
            } catch (IOException e) {
                log.debug("client is gone before its error", e);
            }
        }
        return new ModelAndView();
    }

    /** What was admitted has a record of its own, and what reached no endpoint is nobody's request. */
    private void note(HttpServletRequest request, SeedbedException failure) {
        var exchange = Exchange.of(request);
        var pattern = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
        if (exchange.admittedUnder() == null
                && !exchange.replays()
                && pattern != null
                && failure.code().type() != ErrorType.INTERNAL) {
            var endpoint = request.getMethod() + " " + pattern;
            rejections.note(Rejection.of(exchange.id(), exchange.caller(), endpoint, failure));
        }
    }

    /** The error as one of ours; only our own defects are logged. */
    static SeedbedException known(Exception cause) {
        return switch (cause) {
            case SeedbedException failure -> failure;
            case InvalidParameterException e ->
                new SeedbedException(
                        ErrorCode.INVALID_REQUEST, "query is malformed (expected: name=value, joined by &)");
            case NoResourceFoundException e ->
                new SeedbedException(ErrorCode.NOT_FOUND, "no such path: /" + Fields.shown(e.getResourcePath()));
            case HttpRequestMethodNotSupportedException e ->
                new SeedbedException(
                        ErrorCode.METHOD_NOT_ALLOWED, "method not allowed: " + Fields.shown(e.getMethod()));
            default -> {
                if (DatabaseFailure.mayPass(cause)) {
                    log.warn("database failure: {}", cause.toString());
                    yield DatabaseFailure.of(cause);
                }
                log.error("internal error", cause);
                yield new SeedbedException(ErrorCode.INTERNAL, "internal error");
            }
        };
    }

    private void write(Exchange exchange, HttpServletResponse response, SeedbedException failure) throws IOException {
        response.setStatus(failure.code().httpStatus());
        OpenAiError.headers(failure).forEach(response::setHeader);
        headers.write(response, exchange);
        if (failure.code() == ErrorCode.INVALID_API_KEY) {
            response.setHeader("WWW-Authenticate", "Bearer realm=\"seedbed\"");
        }
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        response.getOutputStream().write(OpenAiError.body(failure).toString().getBytes(StandardCharsets.UTF_8));
        response.flushBuffer();
    }
}
