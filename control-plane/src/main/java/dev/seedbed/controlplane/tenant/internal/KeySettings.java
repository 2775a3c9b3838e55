package dev.seedbed.controlplane.tenant.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What may be changed of a key.
 *
 * @param scopes in the order of the enum, each once
 * @param models names of models and versions in their order, each once; null: all. They need not exist yet
 */
record KeySettings(
        String name,

        @ArraySchema(
                arraySchema = @Schema(description = "What the key may be used for"),
                schema = @Schema(implementation = String.class, example = "generate"))
        List<Scope> scopes,

        @Schema(description = "Names of the models and versions that the key may ask for; null: all") @Nullable
        List<String> models,

        @JsonProperty("expire_time") @Schema(description = "Refused from this moment on; null: never expires") @Nullable
        Instant expireTime) {

    private static final List<Scope> ALL_SCOPES = List.of(Scope.values());
    private static final Pattern MODEL_NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final int MAX_MODELS = 100;

    /** @param scopes null: all */
    static KeySettings create(
            @Nullable String name,
            @Nullable List<String> scopes,
            @Nullable List<String> models,
            @Nullable Instant expireTime,
            Instant now) {
        return new KeySettings(DisplayName.check("name", name), ALL_SCOPES, null, null)
                .withScopes(scopes)
                .withModels(models)
                .withExpireTime(expireTime, now);
    }

    KeySettings withName(@Nullable String newName) {
        return newName == null ? this : new KeySettings(DisplayName.check("name", newName), scopes, models, expireTime);
    }

    /** @param texts null: as they are */
    KeySettings withScopes(@Nullable List<String> texts) {
        if (texts == null) {
            return this;
        }
        if (texts.isEmpty()) {
            throw SeedbedException.invalid(
                    "scopes", "scopes is empty (expected: at least one of " + scopeTexts() + ")");
        }
        var read = texts.stream().map(KeySettings::scope).distinct().sorted().toList();
        return new KeySettings(name, read, models, expireTime);
    }

    /** @param names null: all models */
    KeySettings withModels(@Nullable List<String> names) {
        if (names == null) {
            return new KeySettings(name, scopes, null, expireTime);
        }
        if (names.isEmpty() || names.size() > MAX_MODELS) {
            throw SeedbedException.invalid(
                    "models",
                    "models has %d names (expected: 1..%d; null allows all)".formatted(names.size(), MAX_MODELS));
        }
        names.forEach(KeySettings::checkModelName);
        return new KeySettings(name, scopes, names.stream().distinct().sorted().toList(), expireTime);
    }

    /** @param time null: never */
    KeySettings withExpireTime(@Nullable Instant time, Instant now) {
        if (time != null && !time.isAfter(now)) {
            throw SeedbedException.invalid(
                    "expire_time", "expire_time is in the past: " + time + " (expected: after " + now + ")");
        }
        return new KeySettings(name, scopes, models, time);
    }

    private static Scope scope(@Nullable String text) {
        return text == null ? unknownScope("null") : Scope.of(text).orElseGet(() -> unknownScope(text));
    }

    private static Scope unknownScope(String text) {
        throw SeedbedException.invalid(
                "scopes", "scope is unknown: %s (expected: of %s)".formatted(shown(text), scopeTexts()));
    }

    private static void checkModelName(@Nullable String model) {
        if (model == null || !MODEL_NAME.matcher(model).matches()) {
            throw SeedbedException.invalid(
                    "models",
                    "name of a model is malformed: %s (expected: %s)"
                            .formatted(shown(String.valueOf(model)), MODEL_NAME.pattern()));
        }
    }

    private static String shown(String text) {
        String printable = text.replaceAll("\\p{Cntrl}", "\uFFFD");
        return printable.length() <= 80 ? printable : printable.substring(0, 80) + "...";
    }

    private static List<String> scopeTexts() {
        return Arrays.stream(Scope.values()).map(Scope::text).toList();
    }
}
