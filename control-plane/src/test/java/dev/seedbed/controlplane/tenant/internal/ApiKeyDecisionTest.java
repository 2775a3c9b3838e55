package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeyDecisionTest {

    private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");
    private static final KeySettings PLAIN = KeySettings.create("key", null, null, null, NOW);

    @Test
    void allowsEverythingWhereNothingIsSaid() {
        assertThat(PLAIN).isEqualTo(new KeySettings("key", List.of(Scope.values()), null, null));
    }

    @Test
    void keepsScopesAndModelsOnceAndInOrder() {
        var settings = KeySettings.create(
                "key", List.of("usage.read", "generate", "usage.read"), List.of("b", "a.1_x-y", "b"), null, NOW);

        assertThat(settings.scopes()).containsExactly(Scope.GENERATE, Scope.USAGE_READ);
        assertThat(settings.models()).containsExactly("a.1_x-y", "b");
    }

    @Test
    void refusesScopesThatAreNone() {
        refused("scopes", () -> PLAIN.withScopes(List.of()));
        refused("scopes", () -> PLAIN.withScopes(List.of("generate", "admin")));
        refused("scopes", () -> PLAIN.withScopes(Collections.singletonList(null)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "-a", "a b", "a\u0000", "../a"})
    void refusesNamesThatNoModelCanHave(String name) {
        refused("models", () -> PLAIN.withModels(List.of(name)));
    }

    @Test
    void refusesListsOfModelsThatAreEmptyOrLong() {
        refused("models", () -> PLAIN.withModels(List.of()));
        refused(
                "models",
                () -> PLAIN.withModels(
                        IntStream.range(0, 101).mapToObj(i -> "m" + i).toList()));
    }

    @Test
    void keepsTheSecretBeforeForADayUnlessToldOtherwise() {
        assertThat(ApiKeyDecision.rotate(key(), null, NOW).overlapEndTime()).isEqualTo(NOW.plus(Duration.ofHours(24)));
        assertThat(ApiKeyDecision.rotate(key(), 60L, NOW).overlapEndTime()).isEqualTo(NOW.plusSeconds(60));
        assertThat(ApiKeyDecision.rotate(key(), 0L, NOW).overlapEndTime()).isNull();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 2_592_001, Long.MAX_VALUE, Long.MIN_VALUE})
    void refusesAnOverlapThatIsTooLong(long seconds) {
        refused("overlap_seconds", () -> ApiKeyDecision.rotate(key(), seconds, NOW));
    }

    @Test
    void rotatesAgainOnlyWhenTheOverlapIsOverOrEndsEverythingBefore() {
        ApiKey rotating = ApiKeyDecision.rotate(key(), 60L, NOW);

        refused(ErrorCode.FAILED_PRECONDITION, () -> ApiKeyDecision.rotate(rotating, 1L, NOW.plusSeconds(59)));
        assertThat(ApiKeyDecision.rotate(rotating, 0L, NOW.plusSeconds(59)).overlapEndTime())
                .isNull();
        assertThat(ApiKeyDecision.rotate(rotating, 1L, NOW.plusSeconds(60)).overlapEndTime())
                .isEqualTo(NOW.plusSeconds(61));
    }

    @Test
    void changesNothingOfARevokedKeyButMayHideIt() {
        ApiKey revoked = ApiKeyDecision.revoke(key(), NOW);

        refused(ErrorCode.FAILED_PRECONDITION, () -> ApiKeyDecision.rotate(revoked, null, NOW));
        refused(ErrorCode.FAILED_PRECONDITION, () -> ApiKeyDecision.update(revoked, new ApiKeyChange(), NOW));
        assertThat(ApiKeyDecision.revoke(revoked, NOW.plusSeconds(1))).isEqualTo(revoked);
        ApiKey deleted = ApiKeyDecision.delete(revoked, NOW.plusSeconds(1));
        assertThat(deleted.revokeTime()).isEqualTo(NOW);
        assertThat(deleted.deleteTime()).isEqualTo(NOW.plusSeconds(1));
        assertThat(ApiKeyDecision.delete(deleted, NOW.plusSeconds(2))).isEqualTo(deleted);
    }

    @Test
    void revokesWhatItDeletes() {
        assertThat(ApiKeyDecision.delete(key(), NOW).revokeTime()).isEqualTo(NOW);
    }

    @Test
    void createsNoKeyInADeletedProjectOrTenant() {
        refused(
                ErrorCode.FAILED_PRECONDITION,
                () -> create(TenantState.ACTIVE, ProjectState.DELETED, KeyEnvironment.LIVE));
        refused(
                ErrorCode.FAILED_PRECONDITION,
                () -> create(TenantState.DELETED, ProjectState.ACTIVE, KeyEnvironment.LIVE));
        refused("environment", () -> create(TenantState.ACTIVE, ProjectState.ACTIVE, null));
    }

    private static ApiKey key() {
        return create(TenantState.ACTIVE, ProjectState.ACTIVE, KeyEnvironment.LIVE);
    }

    private static ApiKey create(TenantState tenant, ProjectState project, @Nullable KeyEnvironment environment) {
        return ApiKeyDecision.create(
                new Tenant(new UUID(1, 1), "tenant", tenant, TenantSettings.DEFAULT, NOW, NOW),
                new Project(new UUID(2, 2), new UUID(1, 1), "project", project, false, NOW, NOW),
                new ApiKeyId("0123456789abcdef"),
                environment,
                PLAIN,
                NOW);
    }

    private static void refused(String param, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.param()).isEqualTo(param));
    }

    private static void refused(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
