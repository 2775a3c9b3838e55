package dev.seedbed.controlplane.generation;

/** An offending value as an error shows it: short and on one line. */
final class Quote {

    private static final int MAX_CHARS = 64;

    private Quote() {}

    static String of(String value) {
        var shown = new StringBuilder();
        value.codePoints()
                .limit(MAX_CHARS)
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '\uFFFD' : c)
                .forEach(shown::appendCodePoint);
        return shown.length() < value.length() && value.codePoints().count() > MAX_CHARS
                ? shown + "..."
                : shown.toString();
    }
}
