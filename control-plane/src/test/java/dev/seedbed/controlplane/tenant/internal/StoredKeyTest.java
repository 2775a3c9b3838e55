package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Permissions;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.tenant.internal.StoredKey.Secret;
import dev.seedbed.controlplane.tenant.internal.StoredKey.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoredKeyTest {

    private static final byte[] SECRET = {1};
    private static final byte[] BEFORE = {2};
    private static final byte[] OTHER = {3};
    /** Monotonic clocks overflow; no constant, whose overflow would not compile. */
    private static final long READ_AT = Long.valueOf(Long.MAX_VALUE - 10);

    static final Caller CALLER = new Caller(
            new TenantId(new UUID(1, 1)),
            new ProjectId(new UUID(2, 2)),
            new ApiKeyId("0123456789abcdef"),
            Permissions.ALL,
            Share.DEFAULT,
            Duration.ofHours(24));

    @ParameterizedTest
    @CsvSource({
        "ACTIVE, ACTIVE, false, GOOD",
        "ACTIVE, ACTIVE, true, REVOKED",
        "ACTIVE, DELETED, false, REVOKED",
        "DELETED, ACTIVE, false, REVOKED",
        "SUSPENDED, ACTIVE, false, TENANT_SUSPENDED",
        "SUSPENDED, ACTIVE, true, REVOKED",
    })
    void acceptsALivingKeyOfALivingProjectOfAnActiveTenant(
            TenantState tenant, ProjectState project, boolean revoked, Verdict expected) {
        var key = new StoredKey(CALLER, List.of(new Secret(SECRET, 100)), tenant, project, revoked, READ_AT, 100);

        assertThat(key.judge(SECRET, READ_AT)).isEqualTo(expected);
        assertThat(key.judge(OTHER, READ_AT)).isEqualTo(Verdict.WRONG_SECRET);
    }

    @Test
    void endsWithItsLifetimeEvenWhereTheClockOverflows() {
        var key = rotating();

        assertThat(key.judge(SECRET, READ_AT + 99)).isEqualTo(Verdict.GOOD);
        assertThat(key.judge(SECRET, READ_AT + 100)).isEqualTo(Verdict.EXPIRED);
    }

    @Test
    void acceptsTheSecretBeforeUntilTheOverlapEnds() {
        var key = rotating();

        assertThat(key.judge(BEFORE, READ_AT + 49)).isEqualTo(Verdict.GOOD);
        assertThat(key.judge(BEFORE, READ_AT + 50)).isEqualTo(Verdict.WRONG_SECRET);
        assertThat(key.judge(SECRET, READ_AT + 50)).isEqualTo(Verdict.GOOD);
    }

    private static StoredKey rotating() {
        return new StoredKey(
                CALLER,
                List.of(new Secret(SECRET, Long.MAX_VALUE), new Secret(BEFORE, 50)),
                TenantState.ACTIVE,
                ProjectState.ACTIVE,
                false,
                READ_AT,
                100);
    }
}
