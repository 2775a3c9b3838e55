package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TenantDecisionTest {

    private static final Instant BEFORE = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "ACTIVE, suspend, SUSPENDED",
        "SUSPENDED, activate, ACTIVE",
        "ACTIVE, delete, DELETED",
        "SUSPENDED, delete, DELETED"
    })
    void movesBetweenStatesAndTakesTheTime(TenantState from, String command, TenantState to) {
        TenantDecision decision = TenantDecision.decide(tenant(from), command(command), NOW);

        assertThat(decision.after().state()).isEqualTo(to);
        assertThat(decision.after().updateTime()).isEqualTo(NOW);
        assertThat(decision.after().createTime()).isEqualTo(BEFORE);
        assertThat(decision.action()).isEqualTo("tenant." + command);
    }

    @ParameterizedTest
    @CsvSource({"ACTIVE, activate", "SUSPENDED, suspend", "DELETED, delete"})
    void changesNothingWhenTheStateIsThereAlready(TenantState state, String command) {
        Tenant before = tenant(state);

        assertThat(TenantDecision.decide(before, command(command), NOW).after()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({"suspend", "activate", "update"})
    void bringsNoDeletedTenantBack(String command) {
        assertThatThrownBy(() -> TenantDecision.decide(tenant(TenantState.DELETED), command(command), NOW))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION));
    }

    @ParameterizedTest
    @EnumSource(value = TenantState.class, names = "DELETED", mode = EnumSource.Mode.EXCLUDE)
    void renamesInEveryLivingState(TenantState state) {
        Tenant after =
                TenantDecision.decide(tenant(state), rename(" new name "), NOW).after();

        assertThat(after.name()).isEqualTo("new name");
        assertThat(after.state()).isEqualTo(state);
    }

    @Test
    void changesSettingsOneByOne() {
        Tenant heavy = TenantDecision.decide(
                        tenant(TenantState.ACTIVE), new TenantCommand.Update(null, 5, null, null), NOW)
                .after();
        Tenant all = TenantDecision.decide(heavy, new TenantCommand.Update(null, null, 9, 0), NOW)
                .after();

        assertThat(heavy.settings()).isEqualTo(new TenantSettings(5, 0, 24));
        assertThat(all.settings()).isEqualTo(new TenantSettings(5, 9, 0));
        assertThat(all.name()).isEqualTo("name");
        assertThat(all.updateTime()).isEqualTo(NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "0, , , weight",
        "1001, , , weight",
        ", -1, , priority",
        ", 10, , priority",
        ", , 25, answer_retention_hours"
    })
    void refusesSettingsOutOfRange(
            @Nullable Integer weight, @Nullable Integer priority, @Nullable Integer hours, String param) {
        assertThatThrownBy(() -> TenantDecision.decide(
                        tenant(TenantState.ACTIVE), new TenantCommand.Update(null, weight, priority, hours), NOW))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.param()).isEqualTo(param));
    }

    @Test
    void refusesAnUpdateOfNothing() {
        assertThatThrownBy(() -> TenantDecision.decide(
                        tenant(TenantState.ACTIVE), new TenantCommand.Update(null, null, null, null), NOW))
                .hasMessageStartingWith("nothing to change");
    }

    private static Tenant tenant(TenantState state) {
        return new Tenant(new UUID(1, 2), "name", state, TenantSettings.DEFAULT, BEFORE, BEFORE);
    }

    private static TenantCommand rename(String name) {
        return new TenantCommand.Update(name, null, null, null);
    }

    private static TenantCommand command(String name) {
        return switch (name) {
            case "suspend" -> new TenantCommand.Suspend();
            case "activate" -> new TenantCommand.Activate();
            case "delete" -> new TenantCommand.Delete();
            case "update" -> rename("other");
            default -> throw new IllegalArgumentException(name);
        };
    }
}
