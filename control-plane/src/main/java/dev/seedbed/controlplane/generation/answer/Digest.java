package dev.seedbed.controlplane.generation.answer;

import java.util.HexFormat;

/** 32 bytes of an HMAC, compared by value; as hexadecimal digits. */
record Digest(String hex) {

    static Digest of(byte[] bytes) {
        return new Digest(HexFormat.of().formatHex(bytes));
    }

    byte[] bytes() {
        return HexFormat.of().parseHex(hex);
    }
}
