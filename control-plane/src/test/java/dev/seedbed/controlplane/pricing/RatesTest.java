package dev.seedbed.controlplane.pricing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RatesTest {

    private static final Rates RATES = new Rates(3_000_000, 300_000, 15_000_000, 100_000, 50);

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, 50",
        "1000, 0, 0, 0, 3050",
        // 400 of them at a tenth of the price
        "1000, 400, 0, 0, 1970",
        "1000, 1000, 0, 0, 350",
        "0, 0, 100, 0, 1550",
        "0, 0, 0, 1000, 150",
        "10, 4, 7, 33, 178",
    })
    void priceWhatWasDone(long input, long cached, long output, long positions, long expected) {
        assertThat(RATES.cost(input, cached, output, positions)).isEqualTo(expected);
    }

    @Test
    void roundTheSumOnceAndHalvesUp() {
        var rates = new Rates(250_000, 0, 250_000, 0, 0);

        assertThat(rates.cost(1, 0, 0, 0)).isZero();
        assertThat(rates.cost(1, 0, 1, 0)).isEqualTo(1);
        assertThat(rates.cost(3, 0, 2, 0)).isEqualTo(1);
        assertThat(rates.cost(4, 0, 2, 0)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void neverFallAsWorkGrowsAndAddUpToTheWhole(long seed) {
        var random = new Random(seed);
        for (int history = 0; history < 2_000; history++) {
            var rates = rates(random);
            long input = random.nextLong(10_000);
            long cached = random.nextLong(input + 1);
            long output = 0;
            long positions = 0;
            long posted = 0;
            for (int checkpoint = 0; checkpoint < 10; checkpoint++) {
                output += random.nextLong(50);
                positions += random.nextLong(500);
                var cost = rates.cost(input, cached, output, positions);
                assertThat(cost).isGreaterThanOrEqualTo(posted);
                posted += cost - posted;
            }
            assertThat(posted).isEqualTo(rates.cost(input, cached, output, positions));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void reserveNoLessThanAnyWorkCosts(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            var rates = rates(random);
            long input = random.nextLong(10_000);
            long output = random.nextLong(1_000);
            long positions = random.nextLong(100_000);
            long extension = random.nextLong(10_000);
            var reserved = rates.atMost(input, output, positions) + rates.more(0, 0, extension);

            assertThat(rates.cost(
                            random.nextLong(input + 1),
                            0,
                            random.nextLong(output + 1),
                            random.nextLong(positions + extension + 1)))
                    .isLessThanOrEqualTo(reserved);
        }
    }

    @Test
    void holdForCountersFarBeyondAnyContext() {
        var dearest = new Rates(Rates.MOST, Rates.MOST, Rates.MOST, Rates.MOST, Rates.MOST);

        assertThat(dearest.cost(1_000_000_000, 0, 1_000_000_000, 1_000_000_000))
                .isEqualTo(3_000_000_000_000_000L + 1_000_000_000_000L);
    }

    private static Rates rates(Random random) {
        var input = random.nextLong(5_000_000);
        return new Rates(
                input,
                random.nextLong(input + 1),
                random.nextLong(20_000_000),
                random.nextLong(1_000_000),
                random.nextLong(100));
    }
}
