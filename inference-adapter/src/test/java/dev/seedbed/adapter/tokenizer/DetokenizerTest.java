package dev.seedbed.adapter.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.adapter.TestingRepository;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DetokenizerTest {

    private static final Tokenizer TOKENIZER = TestingRepository.shippedTokenizer();
    private static final int[] SMILEY = TOKENIZER.encode("😀");

    private final Detokenizer detokenizer = TOKENIZER.detokenizer();

    @Test
    void holdsACharacterBackUntilAllItsBytesAreThere() {
        assertThat(SMILEY).hasSizeGreaterThan(1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < SMILEY.length; i++) {
            assertThat(text).isEmpty();
            text.append(detokenizer.append(new int[] {SMILEY[i]}));
        }
        assertThat(text).hasToString("😀");
        assertThat(detokenizer.finish()).isEmpty();
    }

    @Test
    void aCharacterThatIsCutOffAtTheEndBecomesAReplacement() {
        assertThat(detokenizer.append(Arrays.copyOf(SMILEY, SMILEY.length - 1))).isEmpty();
        assertThat(detokenizer.finish()).isEqualTo("\uFFFD");
    }

    @Test
    void bytesThatCannotBecomeACharacterAnyMoreBecomeAReplacement() {
        assertThat(detokenizer.append(new int[] {SMILEY[0]})).isEmpty();
        assertThat(detokenizer.append(TOKENIZER.encode("x"))).isEqualTo("\uFFFDx");
    }

    @Test
    void specialAndUnknownTokensAreNotText() {
        int[] letter = TOKENIZER.encode("x");
        assertThat(detokenizer.append(new int[] {0, 1, 2, 3, letter[0], 1_000_000, -1}))
                .isEqualTo("x");
    }

    @Test
    void everyCutOfEveryTextGivesTheSameText() {
        Random random = new Random(20261123);
        String text = "if (x > 0) { return \"größe 日本 😀👩‍👩‍👧\"; }\n";
        int[] ids = TOKENIZER.encode(text);
        for (int round = 0; round < 200; round++) {
            Detokenizer fresh = TOKENIZER.detokenizer();
            StringBuilder shown = new StringBuilder();
            for (int from = 0; from < ids.length; ) {
                int to = Math.min(ids.length, from + 1 + random.nextInt(4));
                String piece = fresh.append(Arrays.copyOfRange(ids, from, to));
                assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(piece)).isTrue();
                shown.append(piece);
                from = to;
            }
            assertThat(shown.append(fresh.finish())).hasToString(text);
        }
    }

    @Test
    void aDraftShowsUndecidedPositionsAndEndsBeforeTheEndToken() {
        int letter = TOKENIZER.encode("x")[0];
        assertThat(preview(letter, TestingRepository.MASK, letter, TestingRepository.END, letter))
                .isEqualTo("x\u2591x");
    }

    @Test
    void aDraftContinuesACharacterThatIsHeldBack() {
        detokenizer.append(Arrays.copyOf(SMILEY, SMILEY.length - 1));
        assertThat(preview(SMILEY[SMILEY.length - 1])).isEqualTo("😀");
        assertThat(detokenizer.append(new int[] {SMILEY[SMILEY.length - 1]})).isEqualTo("😀");
    }

    private String preview(int... tokenIds) {
        return detokenizer.preview(tokenIds, id -> id == TestingRepository.MASK, id -> id == TestingRepository.END);
    }
}
