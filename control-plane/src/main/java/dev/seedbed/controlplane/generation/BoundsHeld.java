package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.DefaultKnobs;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds a command against the bounds of its caller. A knob that the command leaves alone keeps the version's default, which is held
 * against the bounds too, wherever it takes effect. Pure.
 */
final class BoundsHeld {

    private BoundsHeld() {}

    /**
     * What can be refused without knowing the prompt's tokens.
     *
     * @throws SeedbedException INVALID_REQUEST
     */
    static void check(GenerationCommand command, ModelVersion version, List<BoundInForce> bounds) {
        for (var bound : bounds) {
            var asked = asked(bound.of(), command);
            if (asked != null) {
                require(bound, asked, "");
            } else if (takesEffect(bound.of(), command.knobs(), version.defaults())) {
                var served = served(bound.of(), version.defaults());
                if (served != null) {
                    require(bound, served, ", the default of " + version.name());
                }
            }
        }
    }

    /** Most output tokens that the bounds leave for a prompt; may be below 1. */
    static long mostOutput(List<BoundInForce> bounds, int inputTokens) {
        return bounds.stream()
                .filter(bound -> bound.of().isTokens() && bound.to().max() != null)
                .mapToLong(bound -> most(bound) - (bound.of() == Bounded.CONTEXT_TOKENS ? inputTokens : 0))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static long most(BoundInForce bound) {
        var max = bound.to().max();
        return max == null ? Long.MAX_VALUE : max.longValue();
    }

    /** @throws SeedbedException CONTEXT_LENGTH_EXCEEDED */
    static void checkContext(GenerationCommand command, List<BoundInForce> bounds, int inputTokens, long outputTokens) {
        for (var bound : bounds) {
            if (bound.of() == Bounded.CONTEXT_TOKENS && !bound.allows(Long.toString(inputTokens + outputTokens))) {
                throw new SeedbedException(
                                ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                                "context length exceeded: %d prompt tokens and %d output tokens (limit: %d, bound of the %s)"
                                        .formatted(inputTokens, outputTokens, most(bound), bound.whose()),
                                CommandCheck.promptField(command),
                                null)
                        .with(Map.of(
                                "inputTokens", Integer.toString(inputTokens),
                                "maxTokens", Long.toString(outputTokens),
                                "contextLengthTokens", Long.toString(most(bound)),
                                "subjectKind", bound.subjectText()));
            }
        }
    }

    private static void require(BoundInForce bound, String value, String remark) {
        if (bound.allows(value)) {
            return;
        }
        var field = bound.of().field();
        var facts = new LinkedHashMap<String, String>();
        facts.put("subjectKind", bound.subjectText());
        facts.put("value", value);
        if (bound.to().min() != null) {
            facts.put("boundMin", Bound.text(bound.to().min()));
        }
        if (bound.to().max() != null) {
            facts.put("boundMax", Bound.text(bound.to().max()));
        }
        if (bound.to().allowed() != null) {
            facts.put("boundAllowed", String.join(",", bound.to().allowed()));
        }
        throw SeedbedException.invalid(
                        field,
                        "%s out of bounds: %s%s (expected: %s, bound of the %s)"
                                .formatted(field, value, remark, bound.to(), bound.whose()))
                .with(facts);
    }

    private static @Nullable String asked(Bounded of, GenerationCommand command) {
        var knobs = command.knobs();
        return switch (of) {
            // Known once the prompt's tokens are.
            case CONTEXT_TOKENS -> null;
            case MAX_TOKENS -> text(command.maxTokens());
            case MODE -> text(knobs.mode());
            case POLICY -> text(knobs.policy());
            case THRESHOLD -> text(knobs.threshold());
            case STEPS -> text(knobs.steps());
            case EDIT_THRESHOLD -> text(knobs.editThreshold());
            case EDIT_ROUNDS -> text(knobs.editRounds());
            case BLOCK_SIZE -> text(knobs.blockSize());
            case DRAFT_LENGTH -> text(knobs.draftLength());
            case TEMPERATURE -> text(knobs.temperature());
            case TOP_P -> text(knobs.topP());
        };
    }

    private static @Nullable String served(Bounded of, DefaultKnobs defaults) {
        return switch (of) {
            case MODE -> defaults.mode();
            case POLICY -> defaults.policy();
            default -> text(defaults.values().get(of.field()));
        };
    }

    /** Whether the default of a knob decides anything in the mode and by the policy that the command gets. */
    private static boolean takesEffect(Bounded of, Knobs knobs, DefaultKnobs defaults) {
        var diffusion = "diffusion".equals(knobs.mode() == null ? defaults.mode() : text(knobs.mode()));
        var fixedSteps = "fixed_steps".equals(knobs.policy() == null ? defaults.policy() : text(knobs.policy()));
        return switch (of) {
            // The output shrinks to what it may be, and the engine picks the draft length that is fastest.
            case CONTEXT_TOKENS, MAX_TOKENS, DRAFT_LENGTH -> false;
            case THRESHOLD -> diffusion && !fixedSteps;
            case STEPS -> diffusion && fixedSteps;
            case POLICY, EDIT_THRESHOLD, EDIT_ROUNDS, BLOCK_SIZE -> diffusion;
            case MODE, TEMPERATURE, TOP_P -> true;
        };
    }

    private static @Nullable String text(@Nullable Enum<?> name) {
        return name == null ? null : name.name().toLowerCase(Locale.ROOT);
    }

    private static @Nullable String text(@Nullable Number value) {
        if (value == null) {
            return null;
        }
        return Bound.text(
                value instanceof Double real ? BigDecimal.valueOf(real) : BigDecimal.valueOf(value.longValue()));
    }
}
