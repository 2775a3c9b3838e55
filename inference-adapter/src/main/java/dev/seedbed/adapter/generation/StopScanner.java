package dev.seedbed.adapter.generation;

import java.util.List;

/**
 * Ends the output before the first stop text that becomes complete; of several that end at the same character, before the
 * longest. Text is held back as long as it may become a stop text, so the result does not depend on how the text was cut. Not
 * thread-safe.
 */
final class StopScanner {

    private final List<String> stops;
    /** The longest end of the text so far with which a stop text begins. */
    private String held = "";

    private boolean stopped;

    StopScanner(List<String> stops) {
        this.stops = stops;
    }

    /** The text that is safe to show now; nothing once stopped. */
    String append(String text) {
        if (stopped) {
            return "";
        }
        String candidate = held + text;
        for (int end = held.length() + 1; end <= candidate.length(); end++) {
            int stopLength = longestStopEndingAt(candidate, end);
            if (stopLength > 0) {
                stopped = true;
                held = "";
                return candidate.substring(0, end - stopLength);
            }
        }
        int heldLength = longestBegunStop(candidate);
        held = candidate.substring(candidate.length() - heldLength);
        return candidate.substring(0, candidate.length() - heldLength);
    }

    /** What was held back in vain, at the end of the output. */
    String finish() {
        String rest = held;
        held = "";
        return rest;
    }

    boolean stopped() {
        return stopped;
    }

    String held() {
        return held;
    }

    private int longestStopEndingAt(String text, int end) {
        int longest = 0;
        for (String stop : stops) {
            if (stop.length() > longest && text.startsWith(stop, end - stop.length())) {
                longest = stop.length();
            }
        }
        return longest;
    }

    private int longestBegunStop(String text) {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, text.length()); length > longest; length--) {
                if (text.startsWith(stop.substring(0, length), text.length() - length)) {
                    longest = length;
                }
            }
        }
        return longest;
    }
}
