package dev.seedbed.adapter.tokenizer;

import dev.seedbed.adapter.wire.AdapterException;
import java.util.List;
import java.util.Set;

/**
 * Keeps users from spelling special tokens in a chat. A template mixes its own text with theirs, so before rendering a mark is
 * put into theirs beside every character that can begin or end such a spelling: only the template's own ones stay whole. The
 * mark is a noncharacter that the chat does not contain.
 */
final class UserMarks {

    private static final char FIRST_NONCHARACTER = '\uFDD0';
    private static final char LAST_NONCHARACTER = '\uFDEF';

    private final Set<Integer> edges;
    private final char mark;

    UserMarks(Set<Integer> edges, List<ChatTurn> turns) {
        this.edges = edges;
        this.mark = unused(turns);
    }

    char mark() {
        return mark;
    }

    String marked(String content) {
        StringBuilder marked = new StringBuilder(content.length() + 16);
        content.codePoints().forEach(character -> {
            if (edges.contains(character)) {
                marked.append(mark).appendCodePoint(character).append(mark);
            } else {
                marked.appendCodePoint(character);
            }
        });
        return marked.toString();
    }

    private static char unused(List<ChatTurn> turns) {
        for (char candidate = FIRST_NONCHARACTER; candidate <= LAST_NONCHARACTER; candidate++) {
            int looked = candidate;
            if (turns.stream().noneMatch(turn -> turn.content().indexOf(looked) >= 0)) {
                return candidate;
            }
        }
        throw AdapterException.invalid("chat.messages", "chat contains every noncharacter from U+FDD0 to U+FDEF");
    }
}
