package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DisplayNameTest {

    @Test
    void countsCharactersNotCodeUnits() {
        String hundredFaces = "\uD83D\uDE00".repeat(100);

        assertThat(DisplayName.check("name", hundredFaces)).isEqualTo(hundredFaces);
    }

    static List<String> badNames() {
        return List.of("", "   ", "x".repeat(101), "a\u0000b", "a\nb", "a\uD800b");
    }

    @ParameterizedTest
    @MethodSource("badNames")
    void refusesWhatADatabaseOrAPersonCannotRead(String name) {
        assertThatThrownBy(() -> DisplayName.check("name", name))
                .isInstanceOfSatisfying(
                        SeedbedException.class, e -> assertThat(e.param()).isEqualTo("name"));
    }
}
