package dev.seedbed.controlplane.admin.internal;

import dev.seedbed.controlplane.admin.AdminRequest;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.ErrorType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Writes an error as RFC 9457 problem details with the members {@code code}, {@code requestId} and {@code errors}. */
@Component
final class ProblemDetails {

    static final String REQUEST_ID_HEADER = "x-request-id";

    private static final Logger log = LoggerFactory.getLogger(ProblemDetails.class);

    private final JsonMapper json;

    ProblemDetails(JsonMapper json) {
        this.json = json;
    }

    void write(HttpServletRequest request, HttpServletResponse response, Exception cause) throws IOException {
        AdminError error = AdminError.of(cause);
        if (error.code().type() == ErrorType.INTERNAL) {
            log.error(
                    "admin request failed: {} {} ({})",
                    request.getMethod(),
                    request.getRequestURI(),
                    AdminRequest.idOf(request).toString(),
                    cause);
        }
        if (response.isCommitted()) {
            return;
        }
        response.resetBuffer();
        response.setStatus(error.code().httpStatus());
        error.headers().forEach(response::setHeader);
        response.setHeader(REQUEST_ID_HEADER, AdminRequest.idOf(request).toString());
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.getOutputStream().write(json.writeValueAsBytes(body(request, error)));
    }

    private static Problem body(HttpServletRequest request, AdminError error) {
        return new Problem(
                "about:blank",
                title(error.code()),
                error.code().httpStatus(),
                error.detail(),
                URI.create(request.getRequestURI()),
                error.code().name().toLowerCase(Locale.ROOT),
                AdminRequest.idOf(request).value(),
                error.param() == null ? List.of() : List.of(new Problem.Field(error.param(), error.detail())),
                error.metadata());
    }

    private static String title(ErrorCode code) {
        String words = code.name().replace('_', ' ');
        return words.charAt(0) + words.substring(1).toLowerCase(Locale.ROOT);
    }
}
