package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import org.jspecify.annotations.Nullable;

/** Reads a key out of an {@code Authorization} header. */
final class AuthorizationHeader {

    private static final String SCHEME = "Bearer ";

    private AuthorizationHeader() {}

    /** @throws SeedbedException INVALID_API_KEY, with a message that repeats nothing of the header */
    static ApiKeyText read(@Nullable String authorization) {
        if (authorization == null || authorization.isBlank()) {
            throw invalid("API key is missing (expected: Authorization: Bearer sb-...)");
        }
        if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw invalid("authorization scheme is not supported (expected: Bearer)");
        }
        return ApiKeyText.parse(authorization.substring(SCHEME.length()).strip())
                .orElseThrow(() -> invalid("API key is malformed (expected: sb-<env>-<publicId>-<secret>)"));
    }

    private static SeedbedException invalid(String message) {
        return new SeedbedException(ErrorCode.INVALID_API_KEY, message);
    }
}
