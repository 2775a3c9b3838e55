package dev.seedbed.controlplane.admin.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.converter.HttpMessageNotReadableException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.InvalidNullException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Says what is wrong with a body that Jackson could not read, and names the field. */
final class UnreadableBody {

    /** Jackson tells the name of a missing field in its text only. */
    private static final Pattern MISSING = Pattern.compile("^Missing required creator property '([^']+)'");

    private UnreadableBody() {}

    static AdminError error(HttpMessageNotReadableException e) {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SeedbedException ours) {
                // Thrown by one of our types while it was read.
                return AdminError.of(ours);
            }
        }
        return e.getCause() instanceof JacksonException j
                ? error(j)
                : malformed("request body is missing (expected: a JSON object)");
    }

    private static AdminError error(JacksonException e) {
        String path = path(e);
        String missing = missing(e);
        if (missing != null) {
            return AdminError.invalid(missing, missing + " is missing");
        }
        return switch (e) {
            case UnrecognizedPropertyException u ->
                AdminError.invalid(
                        path,
                        "unknown field: " + AdminError.shown(path) + " (expected: one of " + u.getKnownPropertyIds()
                                + ")");
            case InvalidFormatException f ->
                AdminError.invalid(
                        path,
                        path + " is malformed: " + AdminError.shown(f.getValue())
                                + AdminError.expected(f.getTargetType()));
            case InputCoercionException c ->
                AdminError.invalid(path, path + " is out of range" + AdminError.expected(c.getTargetType()));
            case InvalidNullException n ->
                AdminError.invalid(path, path + " is null" + AdminError.expected(n.getTargetType()));
            case MismatchedInputException m
            when path.isEmpty() -> malformed("request body has the wrong type (expected: a JSON object)");
            case MismatchedInputException m ->
                AdminError.invalid(path, path + " has the wrong type" + AdminError.expected(m.getTargetType()));
            default -> malformed("request body is not JSON" + place(e));
        };
    }

    private static AdminError malformed(String detail) {
        return AdminError.error(ErrorCode.INVALID_REQUEST, detail, Map.of());
    }

    private static @Nullable String missing(JacksonException e) {
        var matcher = MISSING.matcher(e.getOriginalMessage());
        return matcher.find() ? matcher.group(1) : null;
    }

    private static String path(JacksonException e) {
        return e.getPath().stream()
                .map(r -> r.getPropertyName() == null ? "[" + r.getIndex() + "]" : r.getPropertyName())
                .collect(Collectors.joining("."));
    }

    private static String place(JacksonException e) {
        var location = e.getLocation();
        return location == null ? "" : ", line " + location.getLineNr() + " column " + location.getColumnNr();
    }
}
