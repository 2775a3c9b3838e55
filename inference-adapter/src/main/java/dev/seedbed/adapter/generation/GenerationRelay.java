package dev.seedbed.adapter.generation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.adapter.model.ModelContract;
import dev.seedbed.adapter.tokenizer.Detokenizer;
import dev.seedbed.adapter.triton.DecodeListener;
import dev.seedbed.adapter.triton.DecodeOutput;
import dev.seedbed.adapter.triton.DecodeOutput.Finish;
import dev.seedbed.adapter.triton.DecodeOutput.FinishReason;
import dev.seedbed.adapter.triton.DecodeRequest;
import dev.seedbed.adapter.triton.DecodeStream;
import dev.seedbed.adapter.triton.TritonClient;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import dev.seedbed.adapter.wire.ErrorStatus;
import dev.seedbed.inference.v1.GenerateResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Relays one stream of the engine to one caller. The engine is always drained; a caller that is not ready gets the newest state
 * once it is. The caller's end, of whatever kind, ends the engine's stream; the last message before an error holds the work so
 * far.
 *
 * <p>Events come from the caller's and from the engine's threads; all state is guarded by this object's monitor, under which
 * nothing blocks.
 */
final class GenerationRelay implements DecodeListener {

    private static final Logger log = LoggerFactory.getLogger(GenerationRelay.class);
    private static final String WORK_LIMIT = "work_limit";
    private static final Finish STOP_TEXT = new Finish(FinishReason.STOP, "stop_text");

    private final DecodeRequest request;
    private final ModelContract contract;
    private final ServerCallStreamObserver<GenerateResponse> caller;
    private final GenerationMetrics metrics;
    private final long requestedAtNanos;
    private final long coalescingNanos;

    @GuardedBy("this")
    private final Detokenizer detokenizer;

    @GuardedBy("this")
    private final StopScanner stops;

    @GuardedBy("this")
    private final PendingOutput pending = new PendingOutput();

    @GuardedBy("this")
    private @Nullable DecodeStream stream;

    /** Output tokens received: where the next committed ones must start. */
    @GuardedBy("this")
    private int committedTokens;

    @GuardedBy("this")
    private boolean textSeen;

    @GuardedBy("this")
    private long deliveredAtNanos;

    /** Set with the last message that the caller gets; at most once. */
    @GuardedBy("this")
    private boolean over;

    GenerationRelay(
            Generation generation,
            ServerCallStreamObserver<GenerateResponse> caller,
            GenerationMetrics metrics,
            long requestedAtNanos) {
        this.request = generation.request();
        this.contract = generation.version().contract();
        this.detokenizer = generation.version().tokenizer().detokenizer();
        this.stops = new StopScanner(generation.stops());
        // The caller has this text but for its end, which may be held back again.
        stops.append(detokenizer.append(generation.committed()));
        this.caller = caller;
        this.metrics = metrics;
        this.requestedAtNanos = requestedAtNanos;
        this.coalescingNanos = generation.coalescing().toNanos();
        this.deliveredAtNanos = requestedAtNanos - coalescingNanos;
    }

    /** Called once, in the caller's gRPC context, before the service method returns. */
    synchronized void start(TritonClient triton) {
        caller.setOnReadyHandler(this::deliver);
        caller.setOnCancelHandler(this::abandon);
        metrics.started();
        stream = triton.open(request, this);
    }

    @Override
    public synchronized void onOutput(DecodeOutput output) {
        if (over) {
            return;
        }
        if (output.draft()) {
            preview(output);
        } else {
            append(output);
        }
        if (stops.stopped()) {
            finish(STOP_TEXT);
            if (stream != null) {
                stream.cancel("stop text");
            }
        } else if (output.finish() != null) {
            finish(output.finish());
        } else {
            deliver();
        }
    }

    @Override
    public synchronized void onFailure(AdapterException failure) {
        if (over) {
            return;
        }
        pending.release(stops.finish());
        end(failure.code());
        caller.onError(ErrorStatus.of(failure));
    }

    private synchronized void deliver() {
        // What waits is sent with the engine's next report at the latest, so that no timer is needed.
        long now = System.nanoTime();
        if (over || !caller.isReady() || now - deliveredAtNanos < coalescingNanos) {
            return;
        }
        List<GenerateResponse> messages = pending.take();
        if (!messages.isEmpty()) {
            messages.forEach(caller::onNext);
            deliveredAtNanos = now;
        }
    }

    /** The caller cancelled, vanished or ran out of time. */
    private synchronized void abandon() {
        if (stream != null) {
            stream.cancel("caller is gone");
        }
        if (!over) {
            end(ErrorCode.CANCELLED);
        }
    }

    @GuardedBy("this")
    private void append(DecodeOutput output) {
        int[] tokens = output.tokenIds();
        if (tokens.length > 0 && output.start() != committedTokens) {
            throw new AdapterException(
                    ErrorCode.INTERNAL,
                    "engine's output has a gap: starts at " + output.start() + " (expected: " + committedTokens + ")");
        }
        committedTokens += tokens.length;
        if (tokens.length == 0) {
            pending.report(output.work());
            return;
        }
        String text = stops.append(detokenizer.append(tokens));
        if (!text.isEmpty() && !textSeen) {
            textSeen = true;
            metrics.firstText(request.modelName(), Duration.ofNanos(System.nanoTime() - requestedAtNanos));
        }
        pending.commit(tokens, text, output.work());
    }

    @GuardedBy("this")
    private void preview(DecodeOutput output) {
        if (output.start() != committedTokens) {
            pending.report(output.work());
            return;
        }
        int[] positions = output.tokenIds();
        int mask = contract.maskTokenId();
        // A block may reach beyond max_tokens; what is there never becomes output.
        int[] shown = Arrays.copyOf(positions, Math.min(positions.length, request.maxTokens() - committedTokens));
        String text = detokenizer.preview(
                shown, id -> id == mask, id -> contract.endTokenIds().contains(id));
        int decided = (int) Arrays.stream(positions).filter(id -> id != mask).count();
        pending.replaceDraft(new DraftText(stops.held() + text, positions.length, decided), output.work());
    }

    @GuardedBy("this")
    private void finish(Finish finish) {
        Finish actual = finish;
        String held = "";
        if (!stops.stopped()) {
            String rest = stops.append(detokenizer.finish());
            if (stops.stopped()) {
                actual = STOP_TEXT;
                pending.release(rest);
            } else if (finish.detail().equals(WORK_LIMIT)) {
                held = rest + stops.finish();
            } else {
                pending.release(rest + stops.finish());
            }
        }
        end(actual.reason());
        caller.onNext(GenerationWire.finished(actual, held, pending.work()));
        caller.onCompleted();
    }

    /** Hands over all that is pending: it is bounded, and there is nothing left to wait for. */
    @GuardedBy("this")
    private void end(Enum<?> outcome) {
        over = true;
        pending.take().forEach(caller::onNext);
        metrics.ended(request.modelName(), outcome, pending.work());
        log.info(
                "generation {} on {} ended: {}, {} tokens in, {} out, {} forward passes",
                request.requestId(),
                request.modelName(),
                outcome,
                pending.work().inputTokens(),
                pending.work().committedTokens(),
                pending.work().forwardPasses());
    }
}
