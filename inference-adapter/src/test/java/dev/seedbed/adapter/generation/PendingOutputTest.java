package dev.seedbed.adapter.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.adapter.triton.DecodeOutput.Work;
import dev.seedbed.inference.v1.GenerateResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingOutputTest {

    private final PendingOutput pending = new PendingOutput();

    @Test
    void hasNothingBeforeAnythingHappened() {
        assertThat(pending.take()).isEmpty();
    }

    @Test
    void joinsCommittedText() {
        pending.commit(new int[] {7}, "int ", work(1));
        pending.commit(new int[] {8, 9}, "sum", work(2));
        GenerateResponse message = theOnly(pending.take());
        assertThat(message.getCommitted().getText()).isEqualTo("int sum");
        assertThat(message.getCommittedTokenIdsList()).containsExactly(7, 8, 9);
        assertThat(message.getWork().getForwardPasses()).isEqualTo(2);
        assertThat(pending.take()).isEmpty();
    }

    @Test
    void keepsTheNewestDraftOnly() {
        pending.replaceDraft(new DraftText("a", 16, 1), work(1));
        pending.replaceDraft(new DraftText("ab", 16, 2), work(2));
        GenerateResponse message = theOnly(pending.take());
        assertThat(message.getDraft().getText()).isEqualTo("ab");
        assertThat(message.getDraft().getDecidedPositions()).isEqualTo(2);
        assertThat(message.getWork().getForwardPasses()).isEqualTo(2);
    }

    @Test
    void forgetsADraftThatWasCommitted() {
        pending.replaceDraft(new DraftText("ab", 16, 2), work(1));
        pending.commit(new int[] {7}, "ab", work(2));
        assertThat(theOnly(pending.take()).hasCommitted()).isTrue();
    }

    @Test
    void sendsCommittedTextBeforeTheDraftThatFollowsIt() {
        pending.commit(new int[] {7}, "ab", work(1));
        pending.replaceDraft(new DraftText("cd", 16, 2), work(2));
        List<GenerateResponse> messages = pending.take();
        assertThat(messages)
                .extracting(GenerateResponse::getEventCase)
                .containsExactly(GenerateResponse.EventCase.COMMITTED, GenerateResponse.EventCase.DRAFT);
        assertThat(messages).allMatch(GenerateResponse::hasWork);
        assertThat(messages.getFirst().getCommittedTokenIdsList()).containsExactly(7);
        assertThat(messages.getLast().getCommittedTokenIdsList()).isEmpty();
    }

    @Test
    void reportsWorkWhenThereIsNothingElse() {
        pending.report(work(3));
        GenerateResponse message = theOnly(pending.take());
        assertThat(message.getEventCase()).isEqualTo(GenerateResponse.EventCase.EVENT_NOT_SET);
        assertThat(message.getWork().getForwardPasses()).isEqualTo(3);
    }

    @Test
    void reportsTheTokensAndTheWorkOfTextThatIsHeldBack() {
        pending.commit(new int[] {7}, "", work(3));
        GenerateResponse message = theOnly(pending.take());
        assertThat(message.getEventCase()).isEqualTo(GenerateResponse.EventCase.EVENT_NOT_SET);
        assertThat(message.getCommittedTokenIdsList()).containsExactly(7);
    }

    private static GenerateResponse theOnly(List<GenerateResponse> messages) {
        assertThat(messages).hasSize(1);
        return messages.getFirst();
    }

    private static Work work(int forwardPasses) {
        return new Work(5, 0, forwardPasses, 10, 1, 0);
    }
}
