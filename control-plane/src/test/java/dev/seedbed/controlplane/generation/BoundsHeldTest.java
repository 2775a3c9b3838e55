package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.generation.Knobs.Mode;
import dev.seedbed.controlplane.generation.Knobs.Policy;
import dev.seedbed.controlplane.model.DefaultKnobs;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.BoundInForce;
import dev.seedbed.controlplane.quota.Bounded;
import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BoundsHeldTest {

    private static final ModelVersion VERSION = new ModelVersion(
            "seedling",
            "seedling-v3",
            512,
            Set.of("exact", "diffusion"),
            16,
            4,
            new DefaultKnobs(
                    "exact",
                    "threshold",
                    Map.of("threshold", 0.9, "steps", 8.0, "block_size", 16.0, "temperature", 0.0)),
            Instant.EPOCH);

    @Test
    void refuseAnOutputAboveTheBoundAndSayWhoseItIs() {
        var bounds = List.of(
                bound(Bounded.MAX_TOKENS, null, "512", Subject.Kind.TENANT, false),
                bound(Bounded.MAX_TOKENS, null, "100", Subject.Kind.PROJECT, true));

        assertThatCode(() -> BoundsHeld.check(command(100L, Knobs.DEFAULTS), VERSION, bounds))
                .doesNotThrowAnyException();
        refuses(
                () -> BoundsHeld.check(command(101L, Knobs.DEFAULTS), VERSION, bounds),
                "max_tokens",
                "max_tokens out of bounds: 101 (expected: at most 100, bound of the project's plan)");
    }

    @Test
    void includeBothEndsOfAKnobsRange() {
        var bounds = List.of(bound(Bounded.THRESHOLD, "0.7", "0.9", Subject.Kind.KEY, false));

        for (var inside : List.of(0.7, 0.8, 0.9)) {
            assertThatCode(() -> BoundsHeld.check(command(null, threshold(inside)), VERSION, bounds))
                    .doesNotThrowAnyException();
        }
        refuses(
                () -> BoundsHeld.check(command(null, threshold(0.65)), VERSION, bounds),
                "threshold",
                "threshold out of bounds: 0.65 (expected: 0.7..0.9, bound of the key)");
        refuses(
                () -> BoundsHeld.check(command(null, threshold(1.0)), VERSION, bounds),
                "threshold",
                "threshold out of bounds: 1 (expected: 0.7..0.9, bound of the key)");
    }

    @Test
    void holdEveryBoundOfKeyProjectAndTenantAtOnce() {
        var bounds = List.of(
                bound(Bounded.BLOCK_SIZE, "8", null, Subject.Kind.KEY, false),
                bound(Bounded.BLOCK_SIZE, null, "4", Subject.Kind.TENANT, false));

        refuses(() -> BoundsHeld.check(command(null, blockSize(4)), VERSION, bounds), "block_size", "of the key)");
        refuses(() -> BoundsHeld.check(command(null, blockSize(8)), VERSION, bounds), "block_size", "of the tenant)");
    }

    @Test
    void refuseADefaultThatIsOutsideWhereItTakesEffect() {
        var bounds = List.of(bound(Bounded.BLOCK_SIZE, null, "8", Subject.Kind.TENANT, false));

        assertThatCode(() -> BoundsHeld.check(command(null, Knobs.DEFAULTS), VERSION, bounds))
                .as("mode exact has no blocks")
                .doesNotThrowAnyException();
        refuses(
                () -> BoundsHeld.check(command(null, diffusion(null)), VERSION, bounds),
                "block_size",
                "block_size out of bounds: 16, the default of seedling-v3 (expected: at most 8, bound of the tenant)");
    }

    @Test
    void holdTheDefaultOfThePolicyThatIsAskedFor() {
        var bounds = List.of(
                bound(Bounded.STEPS, null, "4", Subject.Kind.TENANT, false),
                bound(Bounded.THRESHOLD, null, "0.5", Subject.Kind.TENANT, false));

        refuses(
                () -> BoundsHeld.check(command(null, diffusion(Policy.FIXED_STEPS)), VERSION, bounds),
                "steps",
                "steps out of bounds: 8, the default");
        refuses(
                () -> BoundsHeld.check(command(null, diffusion(null)), VERSION, bounds),
                "threshold",
                "threshold out of bounds: 0.9, the default");
    }

    @Test
    void refuseAModeThatIsNotAllowedAndSayWhoseBoundItIs() {
        var bounds = List.of(allowed(Bounded.MODE, "autoregressive", "exact"));

        assertThatCode(() -> BoundsHeld.check(command(null, Knobs.DEFAULTS), VERSION, bounds))
                .as("the default is exact")
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> BoundsHeld.check(command(null, diffusion(null)), VERSION, bounds))
                .isInstanceOfSatisfying(SeedbedException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                    assertThat(e.param()).isEqualTo("mode");
                    assertThat(e.metadata())
                            .containsEntry("value", "diffusion")
                            .containsEntry("boundAllowed", "autoregressive,exact")
                            .containsEntry("subjectKind", "tenant");
                })
                .hasMessage(
                        "mode out of bounds: diffusion (expected: one of [autoregressive, exact], bound of the tenant's plan)");
    }

    @Test
    void refuseADefaultModeThatIsNotAllowed() {
        refuses(
                () -> BoundsHeld.check(
                        command(null, Knobs.DEFAULTS), VERSION, List.of(allowed(Bounded.MODE, "diffusion"))),
                "mode",
                "mode out of bounds: exact, the default of seedling-v3 (expected: one of [diffusion], bound of the tenant's plan)");
    }

    @Test
    void refuseADefaultPolicyOnlyWhereItTakesEffect() {
        var bounds = List.of(allowed(Bounded.POLICY, "confident_prefix"));

        assertThatCode(() -> BoundsHeld.check(command(null, Knobs.DEFAULTS), VERSION, bounds))
                .as("mode exact has no policy")
                .doesNotThrowAnyException();
        assertThatCode(() -> BoundsHeld.check(command(null, diffusion(Policy.CONFIDENT_PREFIX)), VERSION, bounds))
                .doesNotThrowAnyException();
        refuses(
                () -> BoundsHeld.check(command(null, diffusion(null)), VERSION, bounds),
                "policy",
                "policy out of bounds: threshold, the default of seedling-v3");
        refuses(
                () -> BoundsHeld.check(command(null, diffusion(Policy.FIXED_STEPS)), VERSION, bounds),
                "policy",
                "policy out of bounds: fixed_steps (expected: one of [confident_prefix]");
    }

    @Test
    void boundTheModesAndPoliciesThatThereAre() {
        assertThat(Bounded.MODE.names()).isEqualTo(names(Mode.values()));
        assertThat(Bounded.POLICY.names()).isEqualTo(names(Policy.values()));
    }

    @Test
    void leaveAloneWhatTheEngineDoesNotTell() {
        var bounds = List.of(bound(Bounded.TOP_P, null, "0.5", Subject.Kind.TENANT, false));

        assertThatCode(() -> BoundsHeld.check(command(null, Knobs.DEFAULTS), VERSION, bounds))
                .doesNotThrowAnyException();
    }

    @Test
    void shrinkAnOutputThatIsNotAskedFor() {
        var bounds = List.of(
                bound(Bounded.MAX_TOKENS, null, "100", Subject.Kind.TENANT, false),
                bound(Bounded.CONTEXT_TOKENS, null, "150", Subject.Kind.KEY, false));

        assertThat(CommandCheck.maxTokens(command(null, Knobs.DEFAULTS), VERSION, 10, List.of()))
                .isEqualTo(256);
        assertThat(CommandCheck.maxTokens(command(null, Knobs.DEFAULTS), VERSION, 10, bounds))
                .isEqualTo(100);
        assertThat(CommandCheck.maxTokens(command(null, Knobs.DEFAULTS), VERSION, 120, bounds))
                .isEqualTo(30);
    }

    @Test
    void refuseAContextAboveTheBound() {
        var bounds = List.of(bound(Bounded.CONTEXT_TOKENS, null, "150", Subject.Kind.TENANT, true));

        assertThat(CommandCheck.maxTokens(command(50L, Knobs.DEFAULTS), VERSION, 100, bounds))
                .isEqualTo(50);
        assertThatThrownBy(() -> CommandCheck.maxTokens(command(51L, Knobs.DEFAULTS), VERSION, 100, bounds))
                .isInstanceOfSatisfying(SeedbedException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
                    assertThat(e.param()).isEqualTo("prompt");
                    assertThat(e.metadata()).containsEntry("contextLengthTokens", "150");
                })
                .hasMessage(
                        "context length exceeded: 100 prompt tokens and 51 output tokens (limit: 150, bound of the tenant's plan)");
        assertThatThrownBy(() -> CommandCheck.maxTokens(command(null, Knobs.DEFAULTS), VERSION, 150, bounds))
                .hasMessageContaining("150 prompt tokens and 1 output tokens (limit: 150, bound");
    }

    private static void refuses(ThrowingCallable check, String param, String message) {
        assertThatThrownBy(check)
                .isInstanceOfSatisfying(SeedbedException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                    assertThat(e.param()).isEqualTo(param);
                })
                .hasMessageContaining(message);
    }

    private static BoundInForce bound(
            Bounded of, @Nullable String min, @Nullable String max, Subject.Kind subject, boolean ofPlan) {
        return new BoundInForce(
                of,
                Bound.range(min == null ? null : new BigDecimal(min), max == null ? null : new BigDecimal(max)),
                subject,
                ofPlan);
    }

    private static BoundInForce allowed(Bounded of, String... names) {
        return new BoundInForce(of, Bound.names(List.of(names)), Subject.Kind.TENANT, true);
    }

    private static List<String> names(Enum<?>[] all) {
        return Arrays.stream(all)
                .map(one -> one.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    private static Knobs threshold(double threshold) {
        return new Knobs(null, null, threshold, null, null, null, null, null, null, null, null);
    }

    private static Knobs blockSize(int size) {
        return new Knobs(null, null, null, null, null, null, size, null, null, null, null);
    }

    private static Knobs diffusion(@Nullable Policy policy) {
        return new Knobs(Mode.DIFFUSION, policy, null, null, null, null, null, null, null, null, null);
    }

    private static GenerationCommand command(@Nullable Long maxTokens, Knobs knobs) {
        return new GenerationCommand(
                RequestId.next(InstantSource.system()),
                Surface.COMPLETIONS,
                null,
                new Prompt.Text("p"),
                maxTokens,
                List.of(),
                knobs,
                false,
                false,
                "");
    }
}
