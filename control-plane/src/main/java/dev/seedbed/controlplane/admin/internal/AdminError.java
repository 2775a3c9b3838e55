package dev.seedbed.controlplane.admin.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

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

    private static final Pattern MISSING = Pattern.compile("^Missing required creator property '([^']+)'");

    static AdminError of(Exception cause) {
        return switch (cause) {
            case SeedbedException e -> new AdminError(e.code(), e.text(), e.param(), e.metadata(), Map.of());
            case HttpMessageNotReadableException e -> unreadable(e);
            case MethodArgumentTypeMismatchException e ->
                invalid(
                        e.getName(),
                        e.getName() + " is malformed: " + shown(e.getValue()) + expected(e.getRequiredType()));
            case MissingServletRequestParameterException e ->
                invalid(e.getParameterName(), e.getParameterName() + " is missing");
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

    private static AdminError unreadable(HttpMessageNotReadableException e) {
        return switch (e.getCause()) {
            case UnrecognizedPropertyException u -> {
                String path = path(u);
                yield invalid(
                        path, "unknown field: " + shown(path) + " (expected: one of " + u.getKnownPropertyIds() + ")");
            }
            case InvalidFormatException f ->
                invalid(path(f), path(f) + " is malformed: " + shown(f.getValue()) + expected(f.getTargetType()));
            case MismatchedInputException m when missing(m) != null -> missingField(String.valueOf(missing(m)));
            case MismatchedInputException m -> {
                String path = path(m);
                yield path.isEmpty()
                        ? error(
                                ErrorCode.INVALID_REQUEST,
                                "request body has the wrong type (expected: a JSON object)",
                                Map.of())
                        : invalid(path, path + " has the wrong type" + expected(m.getTargetType()));
            }
            case JacksonException j ->
                error(
                        ErrorCode.INVALID_REQUEST,
                        "request body is not JSON"
                                + (j.getLocation() == null
                                        ? ""
                                        : ", line " + j.getLocation().getLineNr() + " column "
                                                + j.getLocation().getColumnNr()),
                        Map.of());
            case null, default ->
                error(ErrorCode.INVALID_REQUEST, "request body is missing (expected: a JSON object)", Map.of());
        };
    }

    private static AdminError databaseAway() {
        return error(
                ErrorCode.OVERLOADED,
                "the database cannot be reached; nothing was changed",
                Map.of("Retry-After", "1"));
    }

    private static AdminError missingField(String name) {
        return invalid(name, name + " is missing");
    }

    private static AdminError invalid(String param, String detail) {
        return new AdminError(ErrorCode.INVALID_REQUEST, detail, param, Map.of(), Map.of());
    }

    private static AdminError error(ErrorCode code, String detail, Map<String, String> headers) {
        return new AdminError(code, detail, null, Map.of(), headers);
    }

    private static String path(DatabindException e) {
        return e.getPath().stream()
                .map(r -> r.getPropertyName() == null ? "[" + r.getIndex() + "]" : r.getPropertyName())
                .collect(Collectors.joining("."));
    }

    /** Jackson tells the name of a missing field in its text only. */
    private static @Nullable String missing(MismatchedInputException e) {
        var matcher = MISSING.matcher(e.getOriginalMessage());
        return matcher.find() ? matcher.group(1) : null;
    }

    private static String expected(@Nullable Class<?> type) {
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
    private static String shown(@Nullable Object value) {
        String text = String.valueOf(value).replaceAll("\\p{Cntrl}", "\uFFFD");
        return text.length() <= MAX_SHOWN_LENGTH ? text : text.substring(0, MAX_SHOWN_LENGTH) + "...";
    }
}
