package dev.seedbed.adapter.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopScannerTest {

    @Test
    void passesTextThroughWithoutStops() {
        StopScanner scanner = new StopScanner(List.of());
        assertThat(scanner.append("return xs;")).isEqualTo("return xs;");
        assertThat(scanner.stopped()).isFalse();
    }

    @Test
    void endsBeforeTheStopText() {
        StopScanner scanner = new StopScanner(List.of("}\n"));
        assertThat(scanner.append("a;\n}\nrest")).isEqualTo("a;\n");
        assertThat(scanner.stopped()).isTrue();
        assertThat(scanner.append("more")).isEmpty();
        assertThat(scanner.finish()).isEmpty();
    }

    @Test
    void holdsBackWhatMayBecomeAStopText() {
        StopScanner scanner = new StopScanner(List.of("STOP"));
        assertThat(scanner.append("abST")).isEqualTo("ab");
        assertThat(scanner.held()).isEqualTo("ST");
        assertThat(scanner.append("ART")).isEqualTo("START");
        assertThat(scanner.append(" S")).isEqualTo(" ");
        assertThat(scanner.finish()).isEqualTo("S");
    }

    @Test
    void recognisesAStopTextThatStartsInsideAFailedOne() {
        StopScanner scanner = new StopScanner(List.of("aab"));
        assertThat(scanner.append("a") + scanner.append("a") + scanner.append("a") + scanner.append("b"))
                .isEqualTo("a");
        assertThat(scanner.stopped()).isTrue();
    }

    @Test
    void theStopTextThatIsCompleteFirstWins() {
        StopScanner scanner = new StopScanner(List.of("bcdef", "cd"));
        assertThat(scanner.append("abcdef")).isEqualTo("ab");
    }

    @Test
    void theLongestWinsAmongThoseThatEndTogether() {
        StopScanner scanner = new StopScanner(List.of("c", "abc"));
        assertThat(scanner.append("xabc")).isEqualTo("x");
    }

    @Test
    void doesNotDependOnHowTheTextWasCut() {
        Random random = new Random(20261123);
        for (int round = 0; round < 2_000; round++) {
            List<String> stops = List.of(randomText(random, 1 + random.nextInt(4)), randomText(random, 3));
            String text = randomText(random, random.nextInt(24));
            assertThat(inPieces(stops, text, random))
                    .as("%s in %s", stops, text)
                    .isEqualTo(atOnce(stops, text));
        }
    }

    private static String atOnce(List<String> stops, String text) {
        StopScanner scanner = new StopScanner(stops);
        return scanner.append(text) + scanner.finish() + scanner.stopped();
    }

    private static String inPieces(List<String> stops, String text, Random random) {
        StopScanner scanner = new StopScanner(stops);
        StringBuilder shown = new StringBuilder();
        for (int from = 0; from < text.length(); ) {
            int to = Math.min(text.length(), from + 1 + random.nextInt(3));
            shown.append(scanner.append(text.substring(from, to)));
            from = to;
        }
        return shown.append(scanner.finish()).append(scanner.stopped()).toString();
    }

    private static String randomText(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(2)));
        }
        return text.toString();
    }
}
