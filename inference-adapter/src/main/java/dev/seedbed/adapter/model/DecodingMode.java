package dev.seedbed.adapter.model;

/** How a generation is decoded; {@code docs/sampling.md} defines each. */
public enum DecodingMode {
    AUTOREGRESSIVE("autoregressive"),
    EXACT("exact"),
    DIFFUSION("diffusion");

    private final String spelling;

    DecodingMode(String spelling) {
        this.spelling = spelling;
    }

    /** As contracts and the backend write it. */
    public String spelling() {
        return spelling;
    }

    static DecodingMode of(String spelling) {
        for (DecodingMode mode : values()) {
            if (mode.spelling.equals(spelling)) {
                return mode;
            }
        }
        throw new IllegalArgumentException("contract.json has an unknown mode: " + spelling);
    }
}
