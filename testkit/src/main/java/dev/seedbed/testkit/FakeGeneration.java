package dev.seedbed.testkit;

import dev.seedbed.generation.v1.Draft;
import dev.seedbed.generation.v1.FinishReason;
import dev.seedbed.generation.v1.Finished;
import dev.seedbed.generation.v1.Work;
import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.inference.v1.GenerateResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One scripted generation: what it sends, with work that adds up by itself. Used by the script's thread. */
public final class FakeGeneration {

    private final ServerCallStreamObserver<GenerateResponse> caller;
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final int contextTokens;
    private final long maxPositions;
    private final Work.Builder work = Work.newBuilder();
    private final long coalescingNanos;

    /** Committed and not sent yet: the adapter's way of coalescing. */
    private final GenerateResponse.Builder waiting = GenerateResponse.newBuilder();

    private long sentAtNanos;
    private int nextTokenId;

    FakeGeneration(GenerateRequest request, ServerCallStreamObserver<GenerateResponse> caller) {
        this.caller = caller;
        caller.setOnCancelHandler(cancelled::countDown);
        this.nextTokenId = 100 + request.getCommittedTokenIdsCount();
        this.maxPositions = request.getMaxPositions();
        this.coalescingNanos = TimeUnit.MILLISECONDS.toNanos(request.getCoalesceMs());
        this.sentAtNanos = System.nanoTime() - coalescingNanos;
        this.contextTokens = request.getCommittedTokenIdsCount()
                + (request.hasPrompt() ? FakeInferenceServer.words(request.getPrompt()) : 1);
    }

    /** Evaluates the prompt in one pass and reports it. */
    public void prefill() {
        work.setInputTokens(contextTokens);
        evaluate(contextTokens);
        report();
    }

    /** A pass over so many positions, unreported until the next message. */
    public void evaluate(long positions) {
        work.setForwardPasses(work.getForwardPasses() + 1);
        work.setPositionsEvaluated(work.getPositionsEvaluated() + positions);
    }

    /** Whether a pass over so many positions is within the dispatch's bound. */
    public boolean fits(long positions) {
        return work.getPositionsEvaluated() + positions <= maxPositions;
    }

    /** A work-only message. */
    public void report() {
        send(GenerateResponse.newBuilder());
    }

    /** Commits text after one pass over as many positions as it has tokens. */
    public void commit(String text, int tokens) {
        evaluate(tokens);
        work.setCommittedTokens(work.getCommittedTokens() + tokens);
        waiting.getCommittedBuilder().setText(waiting.getCommitted().getText() + text);
        for (int i = 0; i < tokens; i++) {
            waiting.addCommittedTokenIds(nextTokenId++);
        }
        if (System.nanoTime() - sentAtNanos >= coalescingNanos) {
            sendWaiting();
        }
    }

    private void sendWaiting() {
        if (waiting.hasCommitted() && !caller.isCancelled()) {
            caller.onNext(waiting.setWork(work).build());
            sentAtNanos = System.nanoTime();
        }
        waiting.clear();
    }

    public void draft(String text, int positions, int decidedPositions) {
        evaluate(positions);
        send(GenerateResponse.newBuilder()
                .setDraft(Draft.newBuilder()
                        .setText(text)
                        .setPositions(positions)
                        .setDecidedPositions(decidedPositions)));
    }

    /** Ends as an end token does. */
    public void stop() {
        finish(FinishReason.FINISH_REASON_STOP, "end_token");
    }

    public void finish(FinishReason reason, String detail) {
        finish(reason, detail, "");
    }

    public void finish(FinishReason reason, String detail, String heldText) {
        send(GenerateResponse.newBuilder()
                .setFinished(Finished.newBuilder().setReason(reason).setDetail(detail))
                .setHeldText(heldText));
        if (!caller.isCancelled()) {
            caller.onCompleted();
        }
    }

    public void fail(Status status) {
        sendWaiting();
        if (!caller.isCancelled()) {
            caller.onError(status.asException());
        }
    }

    public boolean isCancelled() {
        return caller.isCancelled();
    }

    /** Waits until the caller has cancelled. */
    public void awaitCancelled() throws InterruptedException {
        cancelled.await();
    }

    private void send(GenerateResponse.Builder message) {
        sendWaiting();
        if (!caller.isCancelled()) {
            caller.onNext(message.setWork(work).build());
        }
    }
}
