package dev.seedbed.controlplane.generation.answer;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/** Keys for several purposes from one configured secret, by HKDF-SHA-256. */
final class HkdfKeys {

    private static final int MIN_BYTES = 32;
    private static final int KEY_BYTES = 32;

    private final byte[] secret;

    /** @param property names the secret in errors */
    HkdfKeys(String property, String secret) {
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
        if (this.secret.length < MIN_BYTES) {
            throw new IllegalArgumentException("property %s is too short: %d bytes (expected: at least %d)"
                    .formatted(property, this.secret.length, MIN_BYTES));
        }
    }

    /** @param info purpose and owner of the key: another one gives an unrelated key */
    SecretKey derive(String algorithm, String info) {
        try {
            var spec = HKDFParameterSpec.ofExtract()
                    .addIKM(secret)
                    .thenExpand(info.getBytes(StandardCharsets.UTF_8), KEY_BYTES);
            return KDF.getInstance("HKDF-SHA256").deriveKey(algorithm, spec);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("key not derived: " + info, e);
        }
    }
}
