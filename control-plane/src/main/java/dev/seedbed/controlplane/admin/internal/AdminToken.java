package dev.seedbed.controlplane.admin.internal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** The one secret of the operators, from property {@code seedbed.admin-token}. */
@Component
final class AdminToken {

    private static final int MIN_LENGTH = 32;
    private static final String SCHEME = "Bearer ";

    private final byte[] digest;

    AdminToken(@Value("${seedbed.admin-token:}") String token) {
        if (token.length() < MIN_LENGTH) {
            throw new IllegalArgumentException("property seedbed.admin-token is too short: " + token.length()
                    + " characters (expected: at least " + MIN_LENGTH + ")");
        }
        this.digest = sha256(token);
    }

    /** Takes the same time for every wrong token of the same length. */
    boolean matches(@Nullable String authorization) {
        return authorization != null
                && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(
                        digest, sha256(authorization.substring(SCHEME.length()).strip()));
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
