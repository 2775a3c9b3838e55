package dev.seedbed.controlplane.model.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueDecisionTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void makesTheFirstModelAndItsFirstVersionTheDefaultOnes() {
        Catalogue catalogue = withVersions(withModels(Catalogue.EMPTY, "a", "b"), "a", "a-v1", "a-v2");

        assertThat(catalogue.defaultModel()).map(CatalogueModel::name).hasValue("a");
        assertThat(catalogue.version("a-v1")).map(catalogue::isDefault).hasValue(true);
        assertThat(catalogue.version("a-v2")).map(catalogue::isDefault).hasValue(false);
        assertThat(catalogue.version("a-v1")).map(CatalogueVersion::wanted).hasValue(WantedState.UNLOADED);
    }

    @Test
    void movesTheDefaultModelInOneDecisionOldOneFirst() {
        Catalogue before = withModels(Catalogue.EMPTY, "a", "b");

        CatalogueDecision decision = CatalogueDecision.makeDefaultModel(before, "b", NOW);

        assertThat(decision.models()).extracting(CatalogueModel::name).containsExactly("a", "b");
        assertThat(decision.models()).extracting(CatalogueModel::isDefault).containsExactly(false, true);
        assertThat(CatalogueDecision.makeDefaultModel(applied(before, decision), "b", NOW)
                        .changesNothing())
                .isTrue();
    }

    @Test
    void makesOnlyAnOwnVersionTheDefaultOne() {
        Catalogue catalogue = withVersions(withModels(Catalogue.EMPTY, "a", "b"), "a", "a-v1", "a-v2");

        assertThat(CatalogueDecision.makeDefaultVersion(catalogue, "a", "a-v2", NOW)
                        .models())
                .singleElement()
                .extracting(CatalogueModel::defaultVersionId)
                .isEqualTo(catalogue.version("a-v2").orElseThrow().id());
        refused(ErrorCode.NOT_FOUND, null, () -> CatalogueDecision.makeDefaultVersion(catalogue, "b", "a-v2", NOW));
    }

    @Test
    void wantsAVersionOnce() {
        Catalogue before = withVersions(withModels(Catalogue.EMPTY, "a"), "a", "a-v1");

        CatalogueDecision load = CatalogueDecision.want(before, "a", "a-v1", WantedState.LOADED, NOW);

        assertThat(load.action()).isEqualTo("model_version.load");
        Catalogue after = applied(before, load);
        assertThat(after.version("a-v1")).map(CatalogueVersion::wanted).hasValue(WantedState.LOADED);
        assertThat(CatalogueDecision.want(after, "a", "a-v1", WantedState.LOADED, NOW)
                        .changesNothing())
                .isTrue();
    }

    @Test
    void keepsOneSpaceOfNamesForModelsAndVersions() {
        Catalogue catalogue = withVersions(withModels(Catalogue.EMPTY, "a", "b"), "a", "a-v1");

        refused(ErrorCode.ALREADY_EXISTS, "name", () -> CatalogueDecision.registerModel(catalogue, "a-v1", id(), NOW));
        refused(
                ErrorCode.ALREADY_EXISTS,
                "name",
                () -> CatalogueDecision.registerVersion(catalogue, "b", "a", 4, id(), NOW));
        refused(
                ErrorCode.ALREADY_EXISTS,
                "name",
                () -> CatalogueDecision.registerVersion(catalogue, "b", "a-v1", 4, id(), NOW));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "A",
                "-a",
                "a b",
                "a/b",
                "a:load",
                "..",
                "é",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void refusesABadName(@Nullable String name) {
        refused(
                ErrorCode.INVALID_REQUEST,
                "name",
                () -> CatalogueDecision.registerModel(Catalogue.EMPTY, name, id(), NOW));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(ints = {0, -1, 1001, Integer.MAX_VALUE})
    void refusesPositionsPerTokenOutOfRange(@Nullable Integer positions) {
        Catalogue catalogue = withVersions(withModels(Catalogue.EMPTY, "a"), "a", "a-v1");

        refused(
                ErrorCode.INVALID_REQUEST,
                "positions_per_token",
                () -> CatalogueDecision.registerVersion(catalogue, "a", "a-v2", positions, id(), NOW));
        refused(
                ErrorCode.INVALID_REQUEST,
                "positions_per_token",
                () -> CatalogueDecision.update(catalogue, "a", "a-v1", positions, NOW));
    }

    private static void refused(ErrorCode code, @Nullable String param, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SeedbedException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.param()).isEqualTo(param);
        });
    }

    private static Catalogue withModels(Catalogue catalogue, String... names) {
        for (String name : names) {
            catalogue = applied(catalogue, CatalogueDecision.registerModel(catalogue, name, id(), NOW));
        }
        return catalogue;
    }

    private static Catalogue withVersions(Catalogue catalogue, String model, String... names) {
        for (String name : names) {
            catalogue = applied(catalogue, CatalogueDecision.registerVersion(catalogue, model, name, 4, id(), NOW));
        }
        return catalogue;
    }

    private static Catalogue applied(Catalogue before, CatalogueDecision decision) {
        List<CatalogueModel> models = new ArrayList<>(before.models());
        decision.models().forEach(changed -> {
            models.removeIf(m -> m.id().equals(changed.id()));
            models.add(changed);
        });
        List<CatalogueVersion> versions = new ArrayList<>(before.versions());
        decision.versions().forEach(changed -> {
            versions.removeIf(v -> v.id().equals(changed.id()));
            versions.add(changed);
        });
        return new Catalogue(models, versions);
    }

    private static UUID id() {
        return UUID.randomUUID();
    }
}
