package dev.seedbed.adapter.model;

/** Which undecided positions become visible after a forward pass; {@code docs/sampling.md} defines each. */
public enum RevealPolicy {
    THRESHOLD("threshold"),
    CONFIDENT_PREFIX("confident_prefix"),
    FIXED_STEPS("fixed_steps");

    private final String spelling;

    RevealPolicy(String spelling) {
        this.spelling = spelling;
    }

    /** As contracts and the backend write it. */
    public String spelling() {
        return spelling;
    }

    static RevealPolicy of(String spelling) {
        for (RevealPolicy policy : values()) {
            if (policy.spelling.equals(spelling)) {
                return policy;
            }
        }
        throw new IllegalArgumentException("contract.json has an unknown policy: " + spelling);
    }
}
