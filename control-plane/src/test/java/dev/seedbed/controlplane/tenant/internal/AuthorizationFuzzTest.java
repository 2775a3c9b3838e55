package dev.seedbed.controlplane.tenant.internal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A short run of the fuzzer's properties in every build; what the fuzzer finds is added to the inputs. */
class AuthorizationFuzzTest {

    private static final String KEY = "sb-live-0123456789abcdEF-" + "x".repeat(43);

    static List<String> inputs() {
        return List.of(
                "",
                "Bearer",
                "Bearer ",
                "Bearer \u00a0",
                "bearer  " + KEY + "\t",
                "Bearer " + KEY,
                "Bearer " + KEY + "\u0000",
                "Bearer " + KEY.replace('x', '\u0663'),
                "Bearer " + KEY.replace("live", "l\u0130ve"),
                "Basic " + KEY,
                KEY,
                KEY + "\n",
                KEY.replace("live", "demo"),
                "sb-live-" + "-".repeat(60));
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void holdsForInputsThatAreRemembered(String input) {
        AuthorizationFuzz.fuzzerTestOneInput(input.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void holdsForMutationsOfThem() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20261126);
        List<byte[]> seeds = inputs().stream()
                .map(input -> input.getBytes(StandardCharsets.UTF_8))
                .toList();
        for (int i = 0; i < 50_000; i++) {
            AuthorizationFuzz.fuzzerTestOneInput(mutated(seeds.get(random.nextInt(seeds.size())), random));
        }
    }

    private static byte[] mutated(byte[] seed, RandomGenerator random) {
        byte[] bytes = Arrays.copyOf(seed, Math.max(0, seed.length + random.nextInt(-1, 2)));
        for (int i = random.nextInt(3); i > 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }
}
