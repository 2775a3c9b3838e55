package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.DefaultKnobs;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Range;
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
                require(bound, decimal(asked), "");
            } else if (takesEffect(bound.of(), command.knobs(), version.defaults())) {
                var served = version.defaults().values().get(bound.of().field());
                if (served != null) {
                    require(bound, decimal(served), ", the default of " + version.name());
                }
            }
        }
    }

    /** Most output tokens that the bounds leave for a prompt; may be below 1. */
    static long mostOutput(List<BoundInForce> bounds, int inputTokens) {
        return bounds.stream()
                .filter(bound -> bound.of().isTokens() && bound.range().max() != null)
                .mapToLong(bound -> most(bound) - (bound.of() == Bounded.CONTEXT_TOKENS ? inputTokens : 0))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static long most(BoundInForce bound) {
        var max = bound.range().max();
        return max == null ? Long.MAX_VALUE : max.longValue();
    }

    /** @throws SeedbedException CONTEXT_LENGTH_EXCEEDED */
    static void checkContext(GenerationCommand command, List<BoundInForce> bounds, int inputTokens, long outputTokens) {
        for (var bound : bounds) {
            if (bound.of() == Bounded.CONTEXT_TOKENS && !bound.allows(BigDecimal.valueOf(inputTokens + outputTokens))) {
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
                                "subjectKind", subject(bound)));
            }
        }
    }

    private static void require(BoundInForce bound, BigDecimal value, String remark) {
        if (bound.allows(value)) {
            return;
        }
        var field = bound.of().field();
        var facts = new LinkedHashMap<String, String>();
        facts.put("subjectKind", subject(bound));
        facts.put("value", Range.text(value));
        if (bound.range().min() != null) {
            facts.put("boundMin", Range.text(bound.range().min()));
        }
        if (bound.range().max() != null) {
            facts.put("boundMax", Range.text(bound.range().max()));
        }
        throw SeedbedException.invalid(
                        field,
                        "%s out of bounds: %s%s (expected: %s, bound of the %s)"
                                .formatted(field, Range.text(value), remark, bound.range(), bound.whose()))
                .with(facts);
    }

    private static String subject(BoundInForce bound) {
        return bound.subject().name().toLowerCase(Locale.ROOT);
    }

    private static BigDecimal decimal(Number value) {
        return value instanceof Double real ? BigDecimal.valueOf(real) : BigDecimal.valueOf(value.longValue());
    }

    private static @Nullable Number asked(Bounded of, GenerationCommand command) {
        var knobs = command.knobs();
        return switch (of) {
            // Known once the prompt's tokens are.
            case CONTEXT_TOKENS -> null;
            case MAX_TOKENS -> command.maxTokens();
            case THRESHOLD -> knobs.threshold();
            case STEPS -> knobs.steps();
            case EDIT_THRESHOLD -> knobs.editThreshold();
            case EDIT_ROUNDS -> knobs.editRounds();
            case BLOCK_SIZE -> knobs.blockSize();
            case DRAFT_LENGTH -> knobs.draftLength();
            case TEMPERATURE -> knobs.temperature();
            case TOP_P -> knobs.topP();
        };
    }

    /** Whether the default of a knob decides anything in the mode and by the policy that the command gets. */
    private static boolean takesEffect(Bounded of, Knobs knobs, DefaultKnobs defaults) {
        var diffusion = "diffusion".equals(name(knobs.mode(), defaults.mode()));
        var fixedSteps = "fixed_steps".equals(name(knobs.policy(), defaults.policy()));
        return switch (of) {
            // The output shrinks to what it may be, and the engine picks the draft length that is fastest.
            case CONTEXT_TOKENS, MAX_TOKENS, DRAFT_LENGTH -> false;
            case THRESHOLD -> diffusion && !fixedSteps;
            case STEPS -> diffusion && fixedSteps;
            case EDIT_THRESHOLD, EDIT_ROUNDS, BLOCK_SIZE -> diffusion;
            case TEMPERATURE, TOP_P -> true;
        };
    }

    private static @Nullable String name(@Nullable Enum<?> asked, @Nullable String served) {
        return asked == null ? served : asked.name().toLowerCase(Locale.ROOT);
    }
}
