package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdempotencyKeyTest {

    @Test
    void isAbsentWithoutAHeader() {
        assertThat(IdempotencyKey.of(List.of())).isNull();
    }

    @Test
    void isTakenAsItIs() {
        var longest = "~".repeat(255);
        assertThat(IdempotencyKey.of(List.of(longest))).isEqualTo(new IdempotencyKey(longest));
        assertThat(IdempotencyKey.of(List.of("\"8e03978e\""))).isEqualTo(new IdempotencyKey("\"8e03978e\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "two words", "tab\t", "é", "\u007f"})
    void isRefusedByTheNameOfItsField(String text) {
        requireRefused(List.of(text));
    }

    @Test
    void isRefusedWhenTooLongOrGivenTwice() {
        requireRefused(List.of("x".repeat(256)));
        requireRefused(List.of("a", "a"));
    }

    @Test
    void neverShowsInALog() {
        assertThat(new IdempotencyKey("guessable").toString()).doesNotContain("guessable");
    }

    private static void requireRefused(List<String> values) {
        assertThatThrownBy(() -> IdempotencyKey.of(values)).isInstanceOfSatisfying(SeedbedException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(refused.param()).isEqualTo("idempotency-key");
        });
    }
}
