package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import java.util.ArrayList;
import java.util.List;

/**
 * Fills the gap between a prefix and a suffix with a model that reads only what is left of a position: the prefix is continued, and
 * the output ends where the suffix begins. The model does not see the suffix.
 *
 * <p>The beginning of the suffix is recognised by its first line that is not blank, whatever its indentation. A line of a few
 * letters or of punctuation stands in many places: it counts only as a line of its own, indented as in the suffix.
 *
 * @param suffix not blank
 */
record Infill(String suffix) {

    private static final int LONGEST_STOP_CHARS = 64;

    /** Letters and digits from which on a line is not expected elsewhere. */
    private static final int TELLING_CHARS = 4;

    /** Stop texts of a command, with the one that its suffix adds. */
    static List<String> stops(GenerationCommand command) {
        if (!asksFor(command)) {
            return command.stop();
        }
        var stops = new ArrayList<>(command.stop());
        stops.add(new Infill(command.suffix()).stop());
        return stops;
    }

    /** The sink of a command: output that runs into a suffix loses the white space that the suffix repeats. */
    static GenerationSink around(GenerationCommand command, GenerationSink sink) {
        return asksFor(command) ? new Infill(command.suffix()).new Trimmed(sink) : sink;
    }

    static boolean asksFor(GenerationCommand command) {
        return !command.suffix().isBlank();
    }

    /** The text before which the output ends. */
    String stop() {
        var start = 0;
        while (Character.isWhitespace(suffix.charAt(start))) {
            start++;
        }
        var lineBreak = suffix.indexOf('\n', start);
        var line = suffix.substring(start, lineBreak < 0 ? suffix.length() : lineBreak)
                .stripTrailing();
        var telling = line.codePoints().filter(Character::isLetterOrDigit).count() >= TELLING_CHARS;
        var lineStart = suffix.lastIndexOf('\n', start);
        return bounded(telling || lineStart < 0 ? line : suffix.substring(lineStart, start) + line);
    }

    private static String bounded(String text) {
        if (text.length() <= LONGEST_STOP_CHARS) {
            return text;
        }
        var end = Character.isHighSurrogate(text.charAt(LONGEST_STOP_CHARS - 1))
                ? LONGEST_STOP_CHARS - 1
                : LONGEST_STOP_CHARS;
        return text.substring(0, end);
    }

    private boolean beginsWithSpace() {
        return Character.isWhitespace(suffix.charAt(0));
    }

    /** Holds white space back until other text follows; at a stop text it is dropped if the suffix begins with its own. */
    private final class Trimmed implements GenerationSink {

        private final GenerationSink sink;
        private String held = "";

        private Trimmed(GenerationSink sink) {
            this.sink = sink;
        }

        @Override
        public void admitted(ModelVersion version, List<Budget> budgets) {
            sink.admitted(version, budgets);
        }

        @Override
        public void committed(String text, Work work) {
            var all = held + text;
            var shown = all.stripTrailing();
            held = all.substring(shown.length());
            if (shown.isEmpty()) {
                sink.idle();
            } else {
                sink.committed(shown, work);
            }
        }

        @Override
        public void draft(String text, int positions, int decidedPositions, Work work) {
            sink.draft(held + text, positions, decidedPositions, work);
        }

        @Override
        public void idle() {
            sink.idle();
        }

        @Override
        public void finished(FinishReason reason, String detail, Work work) {
            var repeated = detail.equals("stop_text") && beginsWithSpace();
            if (!repeated && !held.isEmpty()) {
                sink.committed(held, work);
            }
            sink.finished(reason, detail, work);
        }
    }
}
