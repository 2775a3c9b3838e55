package dev.seedbed.controlplane.admin.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.http.HttpMethod;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.NoHandlerFoundException;
import org.springframework.web.servlet.resource.NoResourceFoundException;

/**
 * An exception in the one error model.
 *
 * @param param the field or parameter at fault, null if it is none
 * @param metadata further members of the problem detail
 * @param headers what HTTP demands beside the status
 */
record AdminError(
        ErrorCode code,
        String detail,
        @Nullable String param,
        Map<String, String> metadata,
        Map<String, String> headers) {

    private static final int MAX_SHOWN_LENGTH = 80;

    static AdminError of(Exception cause) {
        return switch (cause) {
            case SeedbedException e -> new AdminError(e.code(), e.text(), e.param(), e.metadata(), Map.of());
            case HttpMessageNotReadableException e -> UnreadableBody.error(e);
            case MethodArgumentTypeMismatchException e ->
                invalid(
                        e.getName(),
                        e.getName() + " is malformed: " + shown(e.getValue()) + expected(e.getRequiredType()));
            case MissingServletRequestParameterException e ->
                invalid(e.getParameterName(), e.getParameterName() + " is missing");
            case InvalidParameterException e ->
                error(ErrorCode.INVALID_REQUEST, "query is malformed (expected: name=value, joined by &)", Map.of());
            case NoResourceFoundException e ->
                error(ErrorCode.NOT_FOUND, "no such path: /" + shown(e.getResourcePath()), Map.of());
            case NoHandlerFoundException e ->
                error(ErrorCode.NOT_FOUND, "no such path: " + shown(e.getRequestURL()), Map.of());
            case HttpRequestMethodNotSupportedException e -> methodNotAllowed(e);
            case HttpMediaTypeNotSupportedException e ->
                error(
                        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                        "content type is not supported: " + shown(e.getContentType()) + " (expected: application/json)",
                        Map.of("Accept", "application/json"));
            case DataAccessResourceFailureException e -> databaseAway();
            case CannotCreateTransactionException e -> databaseAway();
            case ErrorResponse e
            when e.getStatusCode().is4xxClientError() ->
                error(
                        ErrorCode.INVALID_REQUEST,
                        "request is malformed: " + e.getBody().getDetail(),
                        Map.of());
            default -> error(ErrorCode.INTERNAL, "internal error; the log names it by the request id", Map.of());
        };
    }

    private static AdminError methodNotAllowed(HttpRequestMethodNotSupportedException e) {
        String allowed = e.getSupportedHttpMethods() == null
                ? ""
                : e.getSupportedHttpMethods().stream()
                        .map(HttpMethod::name)
                        .sorted()
                        .collect(Collectors.joining(", "));
        return error(
                ErrorCode.METHOD_NOT_ALLOWED,
                "method is not allowed here: " + e.getMethod() + " (expected: " + allowed + ")",
                Map.of("Allow", allowed));
    }

    private static AdminError databaseAway() {
        return error(
                ErrorCode.OVERLOADED,
                "the database cannot be reached; nothing was changed",
                Map.of("Retry-After", "1"));
    }

    static AdminError invalid(String param, String detail) {
        return new AdminError(ErrorCode.INVALID_REQUEST, detail, param, Map.of(), Map.of());
    }

    static AdminError error(ErrorCode code, String detail, Map<String, String> headers) {
        return new AdminError(code, detail, null, Map.of(), headers);
    }

    static String expected(@Nullable Class<?> type) {
        if (type == null) {
            return "";
        }
        if (type.isEnum()) {
            return " (expected: one of " + List.of(type.getEnumConstants()) + ")";
        }
        return switch (type.getSimpleName()) {
            case "UUID" -> " (expected: a UUID)";
            case "Instant" -> " (expected: an RFC 3339 time such as 2027-01-31T00:00:00Z)";
            case "String" -> " (expected: a string)";
            case "Integer", "int", "Long", "long" -> " (expected: an integer)";
            case "Boolean", "boolean" -> " (expected: true or false)";
            default -> " (expected: a " + type.getSimpleName() + ")";
        };
    }

    /** What the caller sent, cut to a length that fits a log line and without control characters. */
    static String shown(@Nullable Object value) {
        String text = String.valueOf(value).replaceAll("\\p{Cntrl}", "\uFFFD");
        return text.length() <= MAX_SHOWN_LENGTH ? text : text.substring(0, MAX_SHOWN_LENGTH) + "...";
    }
}
