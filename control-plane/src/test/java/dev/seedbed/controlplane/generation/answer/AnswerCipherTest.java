package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerCipherTest {

    private final AnswerCipher cipher = new AnswerCipher("a secret for answers, 32 bytes long");
    private final TenantId tenant = new TenantId(UUID.randomUUID());
    private final RequestId id = new RequestId(UUID.randomUUID());

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 200_000})
    void opensWhatItSealed(int bytes) {
        var plain = new byte[bytes];
        new Random(bytes).nextBytes(plain);
        assertThat(cipher.open(tenant, id, cipher.seal(tenant, id, plain)))
                .hasValueSatisfying(opened -> assertThat(opened).isEqualTo(plain));
    }

    @Test
    void showsNothingOfTheText() {
        var sealed = cipher.seal(tenant, id, "one two three".getBytes(StandardCharsets.UTF_8));
        assertThat(new String(sealed.getFirst(), StandardCharsets.ISO_8859_1)).doesNotContain("two");
    }

    @Test
    void opensNothingWithAnotherSecretForAnotherTenantOrRequest() {
        var sealed = cipher.seal(tenant, id, new byte[100]);
        assertThat(new AnswerCipher("another secret for answers, 32 bytes").open(tenant, id, sealed))
                .isEmpty();
        assertThat(cipher.open(new TenantId(UUID.randomUUID()), id, sealed)).isEmpty();
        assertThat(cipher.open(tenant, new RequestId(UUID.randomUUID()), sealed))
                .isEmpty();
    }

    @Test
    void noticesWhenChunksAreMissingMovedOrChanged() {
        var sealed = cipher.seal(tenant, id, new byte[150_000]);
        assertThat(sealed).hasSize(3);
        assertThat(cipher.open(tenant, id, sealed.subList(0, 2))).isEmpty();
        assertThat(cipher.open(tenant, id, List.of(sealed.get(1), sealed.get(0), sealed.get(2))))
                .isEmpty();
        var changed = new ArrayList<>(sealed);
        changed.set(2, sealed.get(2).clone());
        changed.get(2)[5] ^= 1;
        assertThat(cipher.open(tenant, id, changed)).isEmpty();
    }

    @Test
    void refusesAShortSecretByTheNameOfItsProperty() {
        assertThatThrownBy(() -> new AnswerCipher("short"))
                .hasMessage("property seedbed.answer-log-secret is too short: 5 bytes (expected: at least 32)");
    }
}
