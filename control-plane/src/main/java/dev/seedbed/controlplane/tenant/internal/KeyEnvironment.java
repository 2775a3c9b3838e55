package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Second part of a key's text: tells people and secret scanners what a key is for. It grants nothing. */
enum KeyEnvironment {
    LIVE,
    TEST,
    DEMO;

    @JsonValue
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<KeyEnvironment> parse(String text) {
        return Arrays.stream(values()).filter(e -> e.text().equals(text)).findFirst();
    }

    @JsonCreator
    static KeyEnvironment of(String text) {
        return parse(text)
                .orElseThrow(() -> SeedbedException.invalid(
                        "environment",
                        "environment is unknown (expected: one of " + List.of("live", "test", "demo") + ")"));
    }
}
