package dev.seedbed.adapter.tokenizer;

/**
 * A chat as its template wrote it, with marks inside what users wrote.
 *
 * @param mark occurs nowhere else in the text
 */
public record RenderedChat(String text, char mark) {

    /** The text as users and template meant it. */
    String unmark(String part) {
        return part.replace(String.valueOf(mark), "");
    }
}
