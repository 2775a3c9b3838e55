package dev.seedbed.controlplane.quota.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.quota.Subject;
import dev.seedbed.controlplane.quota.plan.LimitsOfRequest.Live;
import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LimitsOfRequestTest {

    private static final Subject TENANT = Subject.of(new TenantId(new UUID(0, 1)));
    private static final ProjectId A = new ProjectId(new UUID(0, 2));
    private static final ProjectId B = new ProjectId(new UUID(0, 3));
    private static final ApiKeyId KEY_OF_A = new ApiKeyId("aaaaaaaaaaaaaaaa");
    private static final ApiKeyId KEY_OF_B = new ApiKeyId("bbbbbbbbbbbbbbbb");

    @Test
    void areThoseOfTheTenantWhereNobodyElseHasAny() {
        assertThat(LimitsOfRequest.most(TENANT, Map.of(TENANT, 16), new Live(Set.of(), Map.of()))
                        .count())
                .isEqualTo(16);
    }

    @Test
    void addUpOverAKeyItsProjectAndItsTenantAndNeverOverTwoProjects() {
        var limited =
                Map.of(TENANT, 2, Subject.of(A), 9, Subject.of(B), 5, Subject.of(KEY_OF_A), 1, Subject.of(KEY_OF_B), 6);

        var most = LimitsOfRequest.most(TENANT, limited, new Live(Set.of(A, B), Map.of(KEY_OF_A, A, KEY_OF_B, B)));

        assertThat(most.of()).isEqualTo(Map.of(TENANT, 2, Subject.of(B), 5, Subject.of(KEY_OF_B), 6));
    }

    @Test
    void countAProjectWhoseKeysHaveNone() {
        var most = LimitsOfRequest.most(TENANT, Map.of(TENANT, 2, Subject.of(A), 9), new Live(Set.of(A), Map.of()));

        assertThat(most.count()).isEqualTo(11);
    }

    @Test
    void leaveOutKeysAndProjectsThatNoRequestCanComeFrom() {
        var limited = Map.of(TENANT, 2, Subject.of(A), 9, Subject.of(KEY_OF_A), 9);

        assertThat(LimitsOfRequest.most(TENANT, limited, new Live(Set.of(), Map.of()))
                        .count())
                .isEqualTo(2);
    }

    @Test
    void areRefusedByNumberAndByWhoHasThemFromTheSeventeenthOn() {
        var live = new Live(Set.of(A), Map.of());

        assertThatCode(() -> LimitsOfRequest.most(TENANT, Map.of(TENANT, 7, Subject.of(A), 9), live)
                        .check())
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> LimitsOfRequest.most(TENANT, Map.of(TENANT, 8, Subject.of(A), 9), live)
                        .check())
                .hasMessage("too many limits of one request: 17 (expected: at most 16; 8 of %s, 9 of %s)"
                        .formatted(TENANT, Subject.of(A)));
    }
}
