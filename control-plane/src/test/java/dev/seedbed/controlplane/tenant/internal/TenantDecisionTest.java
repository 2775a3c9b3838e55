package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.UUID;
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
    @CsvSource({"suspend", "activate", "rename"})
    void bringsNoDeletedTenantBack(String command) {
        assertThatThrownBy(() -> TenantDecision.decide(tenant(TenantState.DELETED), command(command), NOW))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION));
    }

    @ParameterizedTest
    @EnumSource(value = TenantState.class, names = "DELETED", mode = EnumSource.Mode.EXCLUDE)
    void renamesInEveryLivingState(TenantState state) {
        Tenant after = TenantDecision.decide(tenant(state), new TenantCommand.Rename(" new name "), NOW)
                .after();

        assertThat(after.name()).isEqualTo("new name");
        assertThat(after.state()).isEqualTo(state);
    }

    @Test
    void refusesARenameWithoutAName() {
        assertThatThrownBy(() -> TenantDecision.decide(tenant(TenantState.ACTIVE), new TenantCommand.Rename(null), NOW))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.param()).isEqualTo("name"));
    }

    private static Tenant tenant(TenantState state) {
        return new Tenant(new UUID(1, 2), "name", state, BEFORE, BEFORE);
    }

    private static TenantCommand command(String name) {
        return switch (name) {
            case "suspend" -> new TenantCommand.Suspend();
            case "activate" -> new TenantCommand.Activate();
            case "delete" -> new TenantCommand.Delete();
            case "rename" -> new TenantCommand.Rename("other");
            default -> throw new IllegalArgumentException(name);
        };
    }
}
