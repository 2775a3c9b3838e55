package dev.seedbed.controlplane.model.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.model.DefaultKnobs;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReconciliationTest {

    @ParameterizedTest
    @CsvSource({
        "LOADED,   READY,    nothing",
        "LOADED,   UNLOADED, load",
        "LOADED,   FAILED,   load",
        "LOADED,   UNKNOWN,  load",
        "UNLOADED, READY,    unload",
        "UNLOADED, UNLOADED, nothing",
        "UNLOADED, FAILED,   nothing",
        "UNLOADED, UNKNOWN,  nothing"
    })
    void bringsTheEngineToWhatIsWanted(WantedState wanted, EngineState state, String action) {
        Reconciliation plan = Reconciliation.of(catalogue(wanted), engine(state), name -> true);

        assertThat(plan.load()).isEqualTo(action.equals("load") ? List.of("v1") : List.of());
        assertThat(plan.unload()).isEqualTo(action.equals("unload") ? List.of("v1") : List.of());
    }

    @Test
    void asksForNothingWhileTheEngineIsNotHeard() {
        Reconciliation plan = Reconciliation.of(catalogue(WantedState.LOADED), EngineView.UNHEARD, name -> true);

        assertThat(plan).isEqualTo(new Reconciliation(List.of(), List.of()));
    }

    @Test
    void waitsWithAVersionThatWasRefused() {
        Reconciliation plan =
                Reconciliation.of(catalogue(WantedState.LOADED), engine(EngineState.FAILED), name -> false);

        assertThat(plan.load()).isEmpty();
    }

    @Test
    void leavesVersionsAloneThatTheCatalogueDoesNotHave() {
        Reconciliation plan = Reconciliation.of(Catalogue.EMPTY, engine(EngineState.READY), name -> true);

        assertThat(plan.unload()).isEmpty();
    }

    @Test
    void triesARefusedVersionEverMoreRarely() {
        var refusals = new Refusals();
        long second = 1_000_000_000L;

        refusals.note("v1", "golden differs", 0);
        assertThat(refusals.mayRetry("v1", 4 * second)).isFalse();
        assertThat(refusals.mayRetry("v1", 5 * second)).isTrue();
        refusals.note("v1", "golden differs", 5 * second);
        assertThat(refusals.mayRetry("v1", 14 * second)).isFalse();
        assertThat(refusals.mayRetry("v1", 15 * second)).isTrue();
        for (int i = 0; i < 100; i++) {
            refusals.note("v1", "golden differs", 0);
        }
        assertThat(refusals.mayRetry("v1", 320 * second)).isTrue();
        assertThat(refusals.reason("v1")).hasValue("golden differs");

        refusals.forget("v1");
        assertThat(refusals.mayRetry("v1", 0)).isTrue();
        assertThat(refusals.reason("v1")).isEmpty();
    }

    private static Catalogue catalogue(WantedState wanted) {
        var model = new CatalogueModel(new UUID(0, 1), "m", new UUID(0, 2), true, Instant.EPOCH, Instant.EPOCH);
        var version = new CatalogueVersion(new UUID(0, 2), model.id(), "v1", 4, wanted, Instant.EPOCH, Instant.EPOCH);
        return new Catalogue(List.of(model), List.of(version));
    }

    private static EngineView engine(EngineState state) {
        return EngineView.of(
                List.of(new EngineVersion("v1", state, null, 512, Set.of("exact"), 16, DefaultKnobs.UNTOLD)));
    }
}
