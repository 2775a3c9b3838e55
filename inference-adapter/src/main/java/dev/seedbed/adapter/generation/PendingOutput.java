package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.triton.DecodeOutput.Work;
import dev.seedbed.inference.v1.GenerateResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a caller has yet to get: all committed tokens and text as one, the newest draft, the newest work. Bounded by the
 * output's own length. Not thread-safe.
 */
final class PendingOutput {

    private final List<Integer> tokens = new ArrayList<>();
    private final StringBuilder committed = new StringBuilder();
    private @Nullable DraftText draft;
    private Work work = Work.NONE;
    private boolean unreported;

    /** Text may be empty while it is held back. A draft of what is now committed is void. */
    void commit(int[] tokenIds, String text, Work cumulative) {
        for (int id : tokenIds) {
            tokens.add(id);
        }
        release(text);
        report(cumulative);
    }

    /** Text of tokens that were committed before. */
    void release(String text) {
        committed.append(text);
        draft = null;
    }

    void replaceDraft(DraftText newest, Work cumulative) {
        draft = newest;
        report(cumulative);
    }

    void report(Work cumulative) {
        work = cumulative;
        unreported = true;
    }

    Work work() {
        return work;
    }

    /** At most one message with text, one with a draft; without either, one that reports the work. The first tells the tokens. */
    List<GenerateResponse> take() {
        List<GenerateResponse> messages = new ArrayList<>(2);
        if (!committed.isEmpty()) {
            messages.add(GenerationWire.committed(committed.toString(), work));
            committed.setLength(0);
        }
        if (draft != null) {
            messages.add(GenerationWire.draft(draft, work));
            draft = null;
        }
        if (messages.isEmpty() && unreported) {
            messages.add(GenerationWire.workOnly(work));
        }
        unreported = false;
        if (!tokens.isEmpty()) {
            messages.set(0, GenerationWire.withTokens(messages.getFirst(), tokens));
            tokens.clear();
        }
        return messages;
    }
}
