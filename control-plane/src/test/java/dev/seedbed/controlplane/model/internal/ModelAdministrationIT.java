package dev.seedbed.controlplane.model.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.AdminClient.Answer;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.model.Models;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import dev.seedbed.inference.v1.ModelVersionState;
import dev.seedbed.testkit.FakeInferenceServer;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

@ControlPlaneTest
class ModelAdministrationIT {

    private static final FakeInferenceServer adapter = ControlPlaneTest.ADAPTER;
    /** More than the time from one plan to the next. */
    private static final Duration PLANNING = Duration.ofMillis(500);

    @LocalServerPort
    int port;

    @Autowired
    Models models;

    AdminClient admin;
    String model;
    String version;

    @BeforeEach
    void registerAVersion() {
        admin = new AdminClient(port);
        String unique = UUID.randomUUID().toString().substring(0, 8);
        model = "model-" + unique;
        version = "model-" + unique + "-v1";
        assertThat(admin.post("/models", "{\"name\": \"" + model + "\"}").status())
                .isEqualTo(201);
        assertThat(register(version, 5).status()).isEqualTo(201);
    }

    @Test
    void servesAVersionOnceItIsLoaded() {
        refused(ErrorCode.MODEL_UNAVAILABLE, model);

        Answer loaded = load(version);

        assertThat(loaded.status()).isEqualTo(200);
        assertThat(loaded.text("state")).isEqualTo("READY");
        assertThat(loaded.text("wanted_state")).isEqualTo("LOADED");
        assertThat(loaded.json().path("context_length").asInt()).isEqualTo(FakeInferenceServer.CONTEXT_LENGTH);
        ModelVersion serving = models.resolve(model);
        assertThat(serving.modelName()).isEqualTo(model);
        assertThat(serving.name()).isEqualTo(version);
        assertThat(serving.contextLengthTokens()).isEqualTo(FakeInferenceServer.CONTEXT_LENGTH);
        assertThat(serving.modes()).isEqualTo(Set.of("autoregressive", "exact", "diffusion"));
        assertThat(serving.maxBlockSize()).isEqualTo(FakeInferenceServer.MAX_BLOCK_SIZE);
        assertThat(serving.positionsPerToken()).isEqualTo(5);
        assertThat(models.resolve(version)).isEqualTo(serving);
        assertThat(models.serving()).contains(serving);
    }

    @Test
    void refusesAVersionAfterItsUnload() {
        load(version);

        Answer unloaded = admin.post(versionPath(version) + ":unload", "");

        assertThat(unloaded.text("state")).isEqualTo("UNLOADED");
        refused(ErrorCode.MODEL_UNAVAILABLE, model);
        assertThat(models.serving()).noneMatch(serving -> serving.name().equals(version));
    }

    @Test
    void showsWhyTheEngineRefusedAndLoadsOnceItDoesNot() {
        adapter.refuseLoads(version, "golden.json differs at token 7");

        Answer refused = load(version);

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.text("code")).isEqualTo("failed_precondition");
        assertThat(refused.text("engineReason")).isEqualTo("golden.json differs at token 7");
        Answer shown = admin.get(versionPath(version));
        assertThat(shown.text("state")).isEqualTo("FAILED");
        assertThat(shown.text("wanted_state")).isEqualTo("LOADED");
        assertThat(shown.text("reason")).isEqualTo("golden.json differs at token 7");
        refused(ErrorCode.MODEL_UNAVAILABLE, version);

        adapter.refuseLoads(version, null);
        Answer loaded = load(version);
        assertThat(loaded.text("state")).isEqualTo("READY");
        assertThat(loaded.json().path("reason").isNull()).isTrue();
    }

    @Test
    void loadsAWantedVersionAgainWhenTheEngineHasLostIt() {
        load(version);

        adapter.putVersion(FakeInferenceServer.version(version, ModelVersionState.MODEL_VERSION_STATE_UNLOADED));

        await().untilAsserted(() ->
                assertThat(adapter.loads()).filteredOn(version::equals).hasSizeGreaterThan(1));
        await().untilAsserted(() -> assertThat(models.resolve(version).name()).isEqualTo(version));
    }

    @Test
    void unloadsAVersionThatIsNotWantedButLoaded() {
        adapter.putVersion(FakeInferenceServer.version(version, ModelVersionState.MODEL_VERSION_STATE_READY));

        await().untilAsserted(() ->
                assertThat(admin.get(versionPath(version)).text("state")).isEqualTo("UNLOADED"));
    }

    @Test
    void keepsAVersionLoadedWhoseUnloadWasPlannedBeforeItsLoadWasAsked() throws Exception {
        var listing = new CountDownLatch(1);
        adapter.listVersionsAfter(listing);
        try {
            // Whoever plans now has read that the version is not wanted, and waits for the engine's list.
            Thread.sleep(PLANNING);
            adapter.putVersion(FakeInferenceServer.version(version, ModelVersionState.MODEL_VERSION_STATE_READY));
            var loading = CompletableFuture.supplyAsync(() -> load(version));
            await().until(() -> adapter.loads().contains(version));

            listing.countDown();

            assertThat(loading.get().text("state")).isEqualTo("READY");
            Thread.sleep(PLANNING);
            assertThat(adapter.unloads()).doesNotContain(version);
        } finally {
            listing.countDown();
        }
    }

    @Test
    void letsAnotherVersionAnswerForTheModel() {
        String next = version + "b";
        register(next, 7);
        load(version);
        load(next);
        assertThat(models.resolve(model).name()).isEqualTo(version);

        Answer made = admin.post(versionPath(next) + ":makeDefault", "");

        assertThat(made.json().path("is_default").asBoolean()).isTrue();
        assertThat(models.resolve(model).name()).isEqualTo(next);
        assertThat(models.resolve(version).name()).isEqualTo(version);
        assertThat(admin.get("/models/" + model).text("default_version")).isEqualTo(next);
        assertThat(admin.get("/models/" + model + "/versions")
                        .json()
                        .path("versions")
                        .size())
                .isEqualTo(2);
    }

    @Test
    void letsAnotherModelAnswerRequestsThatNameNone() {
        load(version);

        assertThat(admin.post("/models/" + model + ":makeDefault", "")
                        .json()
                        .path("is_default")
                        .asBoolean())
                .isTrue();

        assertThat(models.resolve(null).name()).isEqualTo(version);
        assertThat(models.resolve("").name()).isEqualTo(version);
        assertThat(admin.get("/models")
                        .json()
                        .path("models")
                        .valueStream()
                        .filter(m -> m.path("is_default").asBoolean()))
                .hasSize(1);
    }

    @Test
    void changesWhatAdmissionReservesFromTheNextRequestOn() {
        load(version);

        Answer changed = admin.call("PATCH", versionPath(version), "{\"positions_per_token\": 9}");

        assertThat(changed.json().path("positions_per_token").asInt()).isEqualTo(9);
        assertThat(models.resolve(version).positionsPerToken()).isEqualTo(9);
    }

    @Test
    void namesWhatIsThereAlready() {
        Answer again = admin.post("/models", "{\"name\": \"" + model + "\"}");
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.text("existingId")).isEqualTo(model);
        assertThat(register(version, 5).text("existingId")).isEqualTo(version);
    }

    @Test
    void auditsEachChangeOnce() {
        load(version);
        load(version);

        assertThat(admin.get("/audit_entries?resource=models/" + model)
                        .json()
                        .path("audit_entries")
                        .valueStream()
                        .map(e -> e.path("action").asString() + " "
                                + e.path("resource").asString()))
                .containsExactlyInAnyOrder(
                        "model.register models/" + model,
                        "model_version.register models/" + model,
                        "model_version.register models/" + model + "/versions/" + version,
                        "model_version.load models/" + model + "/versions/" + version);
    }

    @Test
    void knowsNoOtherModels() {
        refused(ErrorCode.MODEL_NOT_FOUND, "nobody");
        refused(ErrorCode.MODEL_NOT_FOUND, "x".repeat(100_000));
        assertThat(admin.get("/models/nobody").status()).isEqualTo(404);
        assertThat(admin.get("/models/" + model + "/versions/nobody").status()).isEqualTo(404);
        assertThat(admin.post("/models/nobody/versions/" + version + ":load", "")
                        .status())
                .isEqualTo(404);
    }

    private Answer register(String name, int positionsPerToken) {
        return admin.post(
                "/models/" + model + "/versions",
                "{\"name\": \"" + name + "\", \"positions_per_token\": " + positionsPerToken + "}");
    }

    private Answer load(String name) {
        return admin.post(versionPath(name) + ":load", "");
    }

    private String versionPath(String name) {
        return "/models/" + model + "/versions/" + name;
    }

    private void refused(ErrorCode code, String name) {
        assertThatThrownBy(() -> models.resolve(name)).isInstanceOfSatisfying(SeedbedException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.param()).isEqualTo("model");
            assertThat(e.text().length()).isLessThan(200);
        });
    }
}
