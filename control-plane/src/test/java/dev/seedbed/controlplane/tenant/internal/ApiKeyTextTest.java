package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeyTextTest {

    private static final String ID = "0123456789abcdEF";
    private static final String SECRET = "x".repeat(43);

    @ParameterizedTest
    @EnumSource(KeyEnvironment.class)
    void readsWhatItGenerates(KeyEnvironment environment) {
        ApiKeyText key = ApiKeyText.generate(environment);

        assertThat(key.reveal()).matches("sb-" + environment.text() + "-[0-9A-Za-z]{16}-[0-9A-Za-z]{43}");
        assertThat(ApiKeyText.parse(key.reveal())).hasValueSatisfying(read -> {
            assertThat(read.id()).isEqualTo(key.id());
            assertThat(read.reveal()).isEqualTo(key.reveal());
        });
    }

    @Test
    void neverGeneratesTheSameIdOrSecretTwice() {
        Set<String> parts = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            String[] text = ApiKeyText.generate(KeyEnvironment.LIVE).reveal().split("-");
            parts.add(text[2]);
            parts.add(text[3]);
        }
        assertThat(parts).hasSize(2000);
    }

    @Test
    void hidesTheSecretInItsStringForm() {
        ApiKeyText key = ApiKeyText.generate(KeyEnvironment.DEMO);
        String secret = key.reveal().split("-")[3];

        assertThat(key.toString()).contains(key.id().value()).doesNotContain(secret);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "sk-live-" + ID + "-" + "x",
                "sb-prod-0123456789abcdEF-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "sb-live-0123456789abcdE-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "sb-live-0123456789abcdEF-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "sb-live-0123456789abcdEF-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
                "sb-live-0123456789abcdEF-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u00e9",
                "SB-live-0123456789abcdEF-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            })
    void readsNothingElse(String text) {
        assertThat(ApiKeyText.parse("sb-live-" + ID + "-" + SECRET)).isPresent();
        assertThat(ApiKeyText.parse(text)).isEmpty();
    }

    @Test
    void hashesDependOnThePepperAndOnEveryPartOfTheKey() {
        ApiKeyText key = read("sb-live-" + ID + "-" + SECRET);
        byte[] hmac = new ApiKeyHmac("p".repeat(32)).of(key);

        assertThat(hmac).hasSize(32).isEqualTo(new ApiKeyHmac("p".repeat(32)).of(key));
        assertThat(hmac).isNotEqualTo(new ApiKeyHmac("q".repeat(32)).of(key));
        assertThat(hmac).isNotEqualTo(new ApiKeyHmac("p".repeat(32)).of(read("sb-test-" + ID + "-" + SECRET)));
    }

    @Test
    void refusesAShortPepper() {
        assertThatThrownBy(() -> new ApiKeyHmac("p".repeat(31)))
                .hasMessage("property seedbed.api-key-pepper is too short: 31 bytes (expected: at least 32)");
    }

    private static ApiKeyText read(String text) {
        return ApiKeyText.parse(text).orElseThrow();
    }
}
