package dev.seedbed.controlplane.model.internal;

/** What a caller sent, as far as a message repeats it. */
final class Shown {

    private static final int MAX_LENGTH = 80;

    private Shown() {}

    static String name(String name) {
        String text = name.replaceAll("[\\p{Cntrl}\\p{Cs}]", "\uFFFD");
        return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "...";
    }
}
