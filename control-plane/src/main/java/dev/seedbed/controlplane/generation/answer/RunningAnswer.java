package dev.seedbed.controlplane.generation.answer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request with an idempotency key while this replica generates it. One thread writes, and never waits; any number of
 * readers follow, each at its own pace, from the first text on. Holds {@code maxBytes} of text at most: then the oldest goes, and who
 * has not read it is cut off.
 */
final class RunningAnswer implements GenerationSink {

    private final RequestId id;
    private final Digest fingerprint;
    private final Instant created;
    private final int maxBytes;
    private final long detachedNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final ArrayDeque<AnswerEvent.Text> texts = new ArrayDeque<>();

    /** Texts that went before those that are held. */
    @GuardedBy("lock")
    private int forgotten;

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private @Nullable Draft draft;

    @GuardedBy("lock")
    private @Nullable Admission admission;

    /** Of the writer's thread: not told to readers before it is durable. */
    private AnswerEvent.@Nullable Finished finished;

    @GuardedBy("lock")
    private @Nullable Outcome outcome;

    @GuardedBy("lock")
    private int readers;

    /** Nobody may attach any more. */
    @GuardedBy("lock")
    private boolean abandoned;

    @GuardedBy("lock")
    private long readAtNanos = System.nanoTime();

    RunningAnswer(RequestId id, Digest fingerprint, Instant created, AnswerProperties properties) {
        this.id = id;
        this.fingerprint = fingerprint;
        this.created = created;
        this.maxBytes = properties.maxBytes();
        this.detachedNanos = properties.detachedFor().toNanos();
    }

    private record Admission(ModelVersion version, List<Budget> budgets) {}

    private record Draft(String text, int positions, int decidedPositions, Work work) {}

    /** How the writer left. */
    private sealed interface Outcome {
        record Ended(AnswerEvent.End end) implements Outcome {}

        /** Nothing was admitted. */
        record Refused(RuntimeException cause) implements Outcome {}

        /** Another request has the key. */
        record Superseded() implements Outcome {}
    }

    RequestId id() {
        return id;
    }

    Digest fingerprint() {
        return fingerprint;
    }

    Instant created() {
        return created;
    }

    // The writer.

    @Override
    public void admitted(ModelVersion version, List<Budget> budgets) {
        lock.lock();
        try {
            admission = new Admission(version, budgets);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void committed(String text, Work work) {
        lock.lock();
        try {
            texts.addLast(new AnswerEvent.Text(text, work));
            bytes += size(text);
            while (bytes > maxBytes) {
                bytes -= size(texts.removeFirst().text());
                forgotten++;
            }
            draft = null;
            changed.signalAll();
            requireReader();
        } finally {
            lock.unlock();
        }
    }

    private static int size(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public void draft(String text, int positions, int decidedPositions, Work work) {
        lock.lock();
        try {
            draft = new Draft(text, positions, decidedPositions, work);
            changed.signalAll();
            requireReader();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void idle() {
        lock.lock();
        try {
            requireReader();
        } finally {
            lock.unlock();
        }
    }

    /** @throws ClientGoneException nobody has read for too long */
    @GuardedBy("lock")
    private void requireReader() {
        if (readers == 0 && System.nanoTime() - readAtNanos > detachedNanos) {
            abandoned = true;
            throw new ClientGoneException("nobody reads the answer");
        }
    }

    @Override
    public void finished(FinishReason reason, String detail, Work work) {
        finished = new AnswerEvent.Finished(reason, detail, work);
    }

    AnswerEvent.@Nullable Finished finished() {
        return finished;
    }

    boolean isAdmitted() {
        lock.lock();
        try {
            return admission != null;
        } finally {
            lock.unlock();
        }
    }

    /** The whole answer with its end; empty when nothing was admitted, or a part is not held any more. */
    Optional<Answer> whole(AnswerEvent.End end) {
        lock.lock();
        try {
            return admission == null || forgotten > 0
                    ? Optional.empty()
                    : Optional.of(Answer.of(admission.version(), List.copyOf(texts), end));
        } finally {
            lock.unlock();
        }
    }

    /** Tells readers the end, after it became durable. */
    void end(AnswerEvent.End end) {
        leave(new Outcome.Ended(end));
    }

    void refuse(RuntimeException cause) {
        leave(new Outcome.Refused(cause));
    }

    void supersede() {
        leave(new Outcome.Superseded());
    }

    private void leave(Outcome how) {
        lock.lock();
        try {
            outcome = how;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // Readers.

    /** Every reader attaches before it reads and detaches after. @return false: it is too late */
    boolean attach() {
        lock.lock();
        try {
            if (abandoned) {
                return false;
            }
            readers++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    void detach() {
        lock.lock();
        try {
            readers--;
            readAtNanos = System.nanoTime();
        } finally {
            lock.unlock();
        }
    }

    /** Whether it runs while nobody reads. */
    boolean isDetached() {
        lock.lock();
        try {
            return readers == 0 && outcome == null;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Brings the answer to a reader's sink, from the first text to the end.
     *
     * @param ofAnother whether the answer was generated for another request than the reader's
     * @param patience until when the reader waits for the end
     * @return false: another request has the key, and nothing was delivered
     * @throws SeedbedException the answer is a failure; the reader was cut off; its patience is over
     */
    boolean read(GenerationSink sink, boolean ofAnother, Duration patience) throws InterruptedException {
        var giveUpAt = System.nanoTime() + patience.toNanos();
        var position = 0;
        var admissionSeen = false;
        Draft draftSeen = null;
        while (true) {
            var news = await(position, admissionSeen, draftSeen);
            if (news.admission() != null && !admissionSeen) {
                admissionSeen = true;
                if (ofAnother) {
                    sink.replays(id, created);
                }
                sink.admitted(news.admission().version(), news.admission().budgets());
            }
            for (var text : news.texts()) {
                text.deliver(sink);
                position++;
            }
            if (news.draft() != null && news.draft() != draftSeen) {
                draftSeen = news.draft();
                sink.draft(draftSeen.text(), draftSeen.positions(), draftSeen.decidedPositions(), draftSeen.work());
            }
            switch (news.outcome()) {
                case null -> {
                    if (System.nanoTime() > giveUpAt) {
                        throw new SeedbedException(
                                ErrorCode.DEADLINE_EXCEEDED, "the answer was not whole before the deadline");
                    }
                    sink.idle();
                }
                case Outcome.Ended(var end) -> {
                    end.deliver(sink);
                    return true;
                }
                case Outcome.Refused(var cause) -> throw cause;
                case Outcome.Superseded() -> {
                    return false;
                }
            }
        }
    }

    /** What a reader has not seen; of drafts only the one that follows the last text. */
    private record News(
            @Nullable Admission admission,
            List<AnswerEvent.Text> texts,
            @Nullable Draft draft,
            @Nullable Outcome outcome) {}

    private News await(int position, boolean admissionSeen, @Nullable Draft draftSeen) throws InterruptedException {
        lock.lock();
        try {
            var remaining = Duration.ofMillis(250).toNanos();
            while (outcome == null
                    && position == forgotten + texts.size()
                    && (admission == null || admissionSeen)
                    && (draft == null || draft == draftSeen)
                    && remaining > 0) {
                remaining = changed.awaitNanos(remaining);
            }
            if (position < forgotten) {
                throw new SeedbedException(
                        ErrorCode.REPLAY_UNAVAILABLE,
                        "the beginning of the answer is not held any more (limit: %d bytes)".formatted(maxBytes));
            }
            var unseen = new ArrayList<>(texts).subList(position - forgotten, texts.size());
            return new News(admission, List.copyOf(unseen), draft, outcome);
        } finally {
            lock.unlock();
        }
    }
}
