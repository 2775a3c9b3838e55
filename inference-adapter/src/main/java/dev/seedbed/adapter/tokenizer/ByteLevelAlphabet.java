package dev.seedbed.adapter.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * The 256 characters that byte-level BPE writes for bytes in a vocabulary: printable Latin-1 stands for itself, the rest are
 * numbered from U+0100.
 */
final class ByteLevelAlphabet {

    private static final int FIRST_SUBSTITUTE = 0x100;
    private static final int SIZE = FIRST_SUBSTITUTE + 68;
    private static final int[] BYTE_OF_CHARACTER = bytesOfCharacters();

    private ByteLevelAlphabet() {}

    /** @throws IllegalArgumentException if a character stands for no byte */
    static byte[] bytes(String token) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(token.length());
        token.chars().forEach(character -> {
            int value = character < SIZE ? BYTE_OF_CHARACTER[character] : -1;
            if (value < 0) {
                throw new IllegalArgumentException("token is not byte-level: " + token);
            }
            bytes.write(value);
        });
        return bytes.toByteArray();
    }

    private static int[] bytesOfCharacters() {
        int[] bytes = new int[SIZE];
        Arrays.fill(bytes, -1);
        int substitute = FIRST_SUBSTITUTE;
        for (int value = 0; value < 256; value++) {
            boolean printable = (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xFF && value != 0xAD);
            bytes[printable ? value : substitute++] = value;
        }
        return bytes;
    }
}
