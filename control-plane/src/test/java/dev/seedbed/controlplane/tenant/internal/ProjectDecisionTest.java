package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ProjectDecisionTest {

    private static final Instant BEFORE = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");
    private static final Project PROJECT =
            ProjectDecision.create(tenant(TenantState.ACTIVE), new UUID(2, 2), "a", BEFORE);

    @Test
    void renamesAndTakesTheTime() {
        Project renamed = ProjectDecision.rename(tenant(TenantState.SUSPENDED), PROJECT, " b ", NOW);

        assertThat(renamed.name()).isEqualTo("b");
        assertThat(renamed.updateTime()).isEqualTo(NOW);
        assertThat(ProjectDecision.rename(tenant(TenantState.ACTIVE), PROJECT, "a", NOW))
                .isEqualTo(PROJECT);
    }

    @Test
    void deletesForGood() {
        Project deleted = ProjectDecision.delete(PROJECT, NOW);

        assertThat(deleted.state()).isEqualTo(ProjectState.DELETED);
        assertThat(ProjectDecision.delete(deleted, NOW.plusSeconds(1))).isEqualTo(deleted);
        refused(() -> ProjectDecision.rename(tenant(TenantState.ACTIVE), deleted, "b", NOW));
    }

    @Test
    void keepsTheDefaultProject() {
        refused(() -> ProjectDecision.delete(ProjectDecision.createDefault(new UUID(3, 3), new UUID(1, 1), NOW), NOW));
    }

    @Test
    void leavesADeletedTenantAsItIs() {
        refused(() -> ProjectDecision.create(tenant(TenantState.DELETED), new UUID(2, 2), "a", NOW));
        refused(() -> ProjectDecision.rename(tenant(TenantState.DELETED), PROJECT, "b", NOW));
    }

    private static Tenant tenant(TenantState state) {
        return new Tenant(new UUID(1, 1), "tenant", state, TenantSettings.DEFAULT, BEFORE, BEFORE);
    }

    private static void refused(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION));
    }
}
