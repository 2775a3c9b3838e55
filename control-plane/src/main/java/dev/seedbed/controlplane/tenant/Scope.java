package dev.seedbed.controlplane.tenant;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** What a key may be used for. */
public enum Scope {
    GENERATE("generate"),
    /** To list models. */
    MODELS_READ("models.read"),
    /** To read the tenant's own usage. */
    USAGE_READ("usage.read");

    private final String text;

    Scope(String text) {
        this.text = text;
    }

    /** As the APIs and the database spell it. */
    @JsonValue
    public String text() {
        return text;
    }

    public static Optional<Scope> of(String text) {
        return Arrays.stream(values()).filter(scope -> scope.text.equals(text)).findFirst();
    }
}
