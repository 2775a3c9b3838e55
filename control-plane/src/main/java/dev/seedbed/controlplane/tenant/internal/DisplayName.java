package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.wire.SeedbedException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The rule for names that people choose for tenants and keys. */
final class DisplayName {

    private static final int MAX_LENGTH = 100;

    private DisplayName() {}

    /** The name without surrounding blanks. */
    static String check(String param, @Nullable String name) {
        if (name == null) {
            throw SeedbedException.invalid(param, param + " is missing");
        }
        String stripped = name.strip();
        int length = stripped.codePointCount(0, stripped.length());
        if (length < 1 || length > MAX_LENGTH) {
            throw SeedbedException.invalid(
                    param, param + " has a bad length: " + length + " (expected: 1.." + MAX_LENGTH + " characters)");
        }
        if (stripped.codePoints().anyMatch(Character::isISOControl)
                || !StandardCharsets.UTF_8.newEncoder().canEncode(stripped)) {
            throw SeedbedException.invalid(param, param + " has control characters or is not Unicode text");
        }
        return stripped;
    }
}
