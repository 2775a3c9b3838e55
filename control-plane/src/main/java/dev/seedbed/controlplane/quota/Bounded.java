package dev.seedbed.controlplane.quota;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a bound can be of. Lower-case names are those of the APIs and of the database. */
public enum Bounded {
    /** Prompt and output together, in tokens. */
    CONTEXT_TOKENS,
    /** Output, in tokens. */
    MAX_TOKENS,
    MODE("autoregressive", "exact", "diffusion"),
    POLICY("threshold", "confident_prefix", "fixed_steps"),
    THRESHOLD,
    STEPS,
    EDIT_THRESHOLD,
    EDIT_ROUNDS,
    BLOCK_SIZE,
    DRAFT_LENGTH,
    TEMPERATURE,
    TOP_P;

    private final List<String> names;

    Bounded(String... names) {
        this.names = List.of(names);
    }

    /** What a value can be; none: it is a number. */
    public List<String> names() {
        return names;
    }

    public String field() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Counted in tokens, so that only a maximum makes sense. */
    public boolean isTokens() {
        return this == CONTEXT_TOKENS || this == MAX_TOKENS;
    }

    public static Optional<Bounded> of(String field) {
        return Arrays.stream(values()).filter(one -> one.field().equals(field)).findFirst();
    }
}
