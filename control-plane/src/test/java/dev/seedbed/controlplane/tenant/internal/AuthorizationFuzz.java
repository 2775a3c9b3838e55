package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * What must hold of any bytes in an {@code Authorization} header. The entry point of the coverage-guided fuzzer (profile
 * {@code fuzz}); {@link AuthorizationFuzzTest} tries it with remembered and mutated inputs.
 */
public final class AuthorizationFuzz {

    private static final Set<String> REFUSALS = Set.of(
            "API key is missing (expected: Authorization: Bearer sb-...)",
            "authorization scheme is not supported (expected: Bearer)",
            "API key is malformed (expected: sb-<env>-<publicId>-<secret>)");
    private static final int LENGTH = "sb-live-".length() + 16 + "-".length() + 43;

    private AuthorizationFuzz() {}

    /** The name that the fuzzer looks for. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        // HTTP servers decode headers in the one way, gRPC's metadata may come in the other.
        tryText(new String(bytes, StandardCharsets.ISO_8859_1));
        tryText(new String(bytes, StandardCharsets.UTF_8));
    }

    private static void tryText(String text) {
        require(ApiKeyText.parse(text).isPresent() == isKey(text), "parse accepts keys and nothing else");
        try {
            ApiKeyText key = AuthorizationHeader.read(text);
            require(isKey(key.reveal()), "what is read is a key");
            require(text.strip().endsWith(key.reveal()), "the key is the header's");
            require(key.reveal().substring(8, 24).equals(key.id().value()), "the public id is its third part");
            require(!key.toString().contains(key.reveal().substring(25)), "its string form hides the secret");
        } catch (SeedbedException e) {
            require(e.code() == ErrorCode.INVALID_API_KEY, "a refusal is INVALID_API_KEY");
            require(REFUSALS.contains(e.text()), "a refusal repeats nothing of the header");
            require(!isKey(text.replaceFirst("(?i)^Bearer ", "")) || isKey(text), "a key is not refused");
        }
    }

    /** The format once more, without regular expressions. */
    private static boolean isKey(String text) {
        if (text.length() != LENGTH || !text.startsWith("sb-")) {
            return false;
        }
        String environment = text.substring(3, 7);
        if (!Set.of("live", "test", "demo").contains(environment) || text.charAt(7) != '-' || text.charAt(24) != '-') {
            return false;
        }
        return (text.substring(8, 24) + text.substring(25)).chars().allMatch(AuthorizationFuzz::isAsciiAlphanumeric);
    }

    private static boolean isAsciiAlphanumeric(int c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("does not hold: " + what);
        }
    }
}
