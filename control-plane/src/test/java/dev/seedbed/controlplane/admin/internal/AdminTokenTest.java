package dev.seedbed.controlplane.admin.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class AdminTokenTest {

    @Test
    void refusesAShortToken() {
        assertThatThrownBy(() -> new AdminToken("t".repeat(31)))
                .hasMessage("property seedbed.admin-token is too short: 31 characters (expected: at least 32)");
    }

    @Test
    void matchesTheBearerSchemeInAnyCaseAndNothingElse() {
        var token = new AdminToken("t".repeat(32));

        assertThat(token.matches("Bearer " + "t".repeat(32))).isTrue();
        assertThat(token.matches("bearer " + "t".repeat(32))).isTrue();
        assertThat(token.matches("Bearer " + "t".repeat(33))).isFalse();
        assertThat(token.matches("t".repeat(32))).isFalse();
        assertThat(token.matches(null)).isFalse();
    }
}
