package dev.seedbed.controlplane.tenant.internal;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * HMAC-SHA-256 of keys under the pepper, property {@code seedbed.api-key-pepper}. The pepper is not in the database, so that a copy
 * of the database alone cannot tell whether a guessed key is one. A key carries 256 random bits: a slow hash would add nothing.
 */
@Component
final class ApiKeyHmac {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int MIN_BYTES = 32;

    private final SecretKeySpec pepper;

    ApiKeyHmac(@Value("${seedbed.api-key-pepper:}") String pepper) {
        byte[] bytes = pepper.getBytes(StandardCharsets.UTF_8);
        if (bytes.length < MIN_BYTES) {
            throw new IllegalArgumentException("property seedbed.api-key-pepper is too short: " + bytes.length
                    + " bytes (expected: at least " + MIN_BYTES + ")");
        }
        this.pepper = new SecretKeySpec(bytes, ALGORITHM);
    }

    byte[] of(ApiKeyText key) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(pepper);
            return mac.doFinal(key.reveal().getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
