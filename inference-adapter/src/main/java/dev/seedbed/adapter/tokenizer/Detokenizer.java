package dev.seedbed.adapter.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.IntPredicate;

/**
 * Turns one output's tokens into text as they come. A character whose bytes are not all there is held back; bytes that cannot
 * become a character any more are U+FFFD. Special tokens are never text. Not thread-safe.
 */
public final class Detokenizer {

    /** Shown for each undecided position of a draft. */
    public static final char UNDECIDED = '\u2591';

    private final Vocabulary vocabulary;
    /** Bytes of a character that is not complete, at most 3. */
    private byte[] held = new byte[0];

    Detokenizer(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /** The text that these tokens complete. */
    public String append(int[] tokenIds) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(held);
        for (int id : tokenIds) {
            bytes.writeBytes(vocabulary.bytes(id));
        }
        ByteBuffer input = ByteBuffer.wrap(bytes.toByteArray());
        String text = decode(input, false);
        held = new byte[input.remaining()];
        input.get(held);
        return text;
    }

    /** What is left at the end of the output: U+FFFD if a character was cut off. */
    public String finish() {
        String text = decode(ByteBuffer.wrap(held), true);
        held = new byte[0];
        return text;
    }

    /**
     * The text that these tokens would become after what was appended, up to the first end token. Changes nothing.
     *
     * @param undecided tokens that show as {@link #UNDECIDED}
     */
    public String preview(int[] tokenIds, IntPredicate undecided, IntPredicate end) {
        StringBuilder text = new StringBuilder();
        ByteArrayOutputStream run = new ByteArrayOutputStream();
        run.writeBytes(held);
        for (int id : tokenIds) {
            if (end.test(id)) {
                break;
            }
            if (undecided.test(id)) {
                text.append(decode(ByteBuffer.wrap(run.toByteArray()), true)).append(UNDECIDED);
                run.reset();
            } else {
                run.writeBytes(vocabulary.bytes(id));
            }
        }
        return text.append(decode(ByteBuffer.wrap(run.toByteArray()), true)).toString();
    }

    /** Consumes all of the input but, before its end, an incomplete last character. */
    private static String decode(ByteBuffer input, boolean atEnd) {
        CharBuffer text = CharBuffer.allocate(input.remaining());
        StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE)
                .decode(input, text, atEnd);
        return text.flip().toString();
    }
}
