package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a key, {@code sb-<env>-<publicId>-<secret>}. Its only way out is {@link #reveal()}; {@code toString} hides the secret.
 */
final class ApiKeyText {

    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int PUBLIC_ID_LENGTH = 16;
    /** 43 characters of 62 carry 256 bits. */
    private static final int SECRET_LENGTH = 43;

    private static final Pattern FORMAT = Pattern.compile(
            "sb-(live|test|demo)-([0-9A-Za-z]{" + PUBLIC_ID_LENGTH + "})-[0-9A-Za-z]{" + SECRET_LENGTH + "}");
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String text;
    private final ApiKeyId id;

    private ApiKeyText(String text, ApiKeyId id) {
        this.text = text;
        this.id = id;
    }

    static ApiKeyText generate(KeyEnvironment environment) {
        return generate(environment, new ApiKeyId(random(PUBLIC_ID_LENGTH)));
    }

    /** A new secret for a key that is there. */
    static ApiKeyText generate(KeyEnvironment environment, ApiKeyId id) {
        return new ApiKeyText("sb-" + environment.text() + "-" + id + "-" + random(SECRET_LENGTH), id);
    }

    /** Empty if the text cannot be a key of ours. */
    static Optional<ApiKeyText> parse(String text) {
        Matcher matcher = FORMAT.matcher(text);
        return matcher.matches() ? Optional.of(new ApiKeyText(text, new ApiKeyId(matcher.group(2)))) : Optional.empty();
    }

    ApiKeyId id() {
        return id;
    }

    /** The whole key: to be shown once, to be hashed, never to be logged. */
    String reveal() {
        return text;
    }

    @Override
    public String toString() {
        return "ApiKeyText[" + id + "]";
    }

    private static String random(int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }
}
