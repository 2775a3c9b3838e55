package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.generation.inference.Dispatch;
import dev.seedbed.controlplane.generation.inference.InferenceClient;
import dev.seedbed.controlplane.generation.inference.InferenceEvent;
import dev.seedbed.controlplane.generation.inference.InferenceStream;
import dev.seedbed.controlplane.generation.queue.DispatchQueue;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings one admitted generation from the engine to its sink, over as many dispatches as its work limit takes. Used once, by one
 * thread.
 */
final class Relay {

    private static final Duration PATIENCE = Duration.ofMillis(250);

    /** Of output that nobody sees before its end. What a crash leaves unbilled is at most that much older. */
    private static final Duration UNSEEN_COALESCING = Duration.ofMillis(250);

    private static final String WORK_LIMIT = "work_limit";
    private static final Set<ErrorCode> OUT_OF_ROOM =
            Set.of(ErrorCode.BUDGET_EXCEEDED, ErrorCode.BUDGET_RESERVED, ErrorCode.RATE_LIMIT_EXCEEDED);

    private final InferenceClient inference;
    private final DispatchQueue queue;
    private final Accounting accounting;
    private final OpenGeneration open;
    private final GenerationCommand command;
    private final TenantId tenant;
    private final Share share;
    private final ModelVersion version;
    private final GenerationSink sink;
    private final int inputTokens;
    private final int maxTokens;
    private final int maxDispatches;
    private final FaultPoints faults;
    private final long deadlineNanos;

    private final List<Integer> committedTokenIds = new ArrayList<>();
    private long reservedPositions;
    private int dispatches;
    private @Nullable Duration queueWait;
    private int texts;

    /** Output tokens when the last continuation began. */
    private long committedBefore;

    Relay(
            InferenceClient inference,
            DispatchQueue queue,
            Accounting accounting,
            OpenGeneration open,
            Admitted admitted,
            GenerationSink sink,
            int maxDispatches,
            FaultPoints faults) {
        this.inference = inference;
        this.queue = queue;
        this.accounting = accounting;
        this.open = open;
        this.command = admitted.command();
        this.tenant = admitted.tenant();
        this.share = admitted.share();
        this.version = admitted.version();
        this.inputTokens = admitted.inputTokens();
        this.maxTokens = admitted.maxTokens();
        this.reservedPositions = admitted.reserved().get(Unit.POSITION);
        this.deadlineNanos = admitted.deadlineNanos();
        this.sink = sink;
        this.maxDispatches = maxDispatches;
        this.faults = faults;
    }

    /** What admission settled. */
    record Admitted(
            GenerationCommand command,
            TenantId tenant,
            Share share,
            ModelVersion version,
            int inputTokens,
            int maxTokens,
            Amounts reserved,
            long deadlineNanos) {}

    /** How the engine ended the generation. */
    record Result(FinishReason reason, String detail) {}

    int dispatches() {
        return dispatches;
    }

    /** Until the first place at the engine, or until the waiting for it ended; null: it never began. */
    @Nullable
    Duration queueWait() {
        return queueWait;
    }

    /** @throws SeedbedException the generation failed; work until then is in the open generation */
    Result run() throws InterruptedException {
        try (var place = waitForPlace()) {
            return run(place);
        }
    }

    private DispatchQueue.Place waitForPlace() throws InterruptedException {
        var startedAtNanos = System.nanoTime();
        try {
            return queue.take(tenant, share, deadlineNanos, this::lookRound);
        } finally {
            queueWait = Duration.ofNanos(System.nanoTime() - startedAtNanos);
        }
    }

    /** Between events, and while there is no place yet. */
    private void lookRound() {
        open.requireHeld();
        sink.idle();
    }

    private Result run(DispatchQueue.Place place) throws InterruptedException {
        while (true) {
            var finished = dispatch(place);
            var reason = reason(finished);
            if (reason == FinishReason.LENGTH && finished.detail().equals(WORK_LIMIT) && extend()) {
                continue;
            }
            if (!finished.heldText().isEmpty()) {
                sink.committed(finished.heldText(), open.work());
            }
            return new Result(reason, finished.detail());
        }
    }

    private InferenceEvent.Finished dispatch(DispatchQueue.Place place) throws InterruptedException {
        var before = open.work();
        dispatches++;
        while (true) {
            open.requireHeld();
            try (var stream = inference.generate(next(before))) {
                faults.reached(FaultPoint.DISPATCHED);
                var first = firstEvent(stream);
                if (first != null) {
                    return relay(stream, first, before);
                }
            }
            place.refused(this::lookRound);
        }
    }

    private Dispatch next(Work before) {
        return new Dispatch(
                command.requestId(),
                tenant,
                share,
                version.name(),
                command.prompt(),
                List.copyOf(committedTokenIds),
                Math.toIntExact(maxTokens - before.committedTokens()),
                reservedPositions - before.positionsEvaluated(),
                Infill.stops(command),
                command.knobs(),
                command.diffusing(),
                command.streamed() ? Duration.ZERO : UNSEEN_COALESCING,
                Duration.ofNanos(deadlineNanos - System.nanoTime()));
    }

    /** Null: the engine had no room, and has done nothing for this dispatch. */
    private @Nullable InferenceEvent firstEvent(InferenceStream stream) throws InterruptedException {
        while (true) {
            try {
                var event = stream.next(PATIENCE);
                if (event != null) {
                    return event;
                }
            } catch (SeedbedException failure) {
                if (failure.code() == ErrorCode.OVERLOADED) {
                    return null;
                }
                throw failure;
            }
            lookRound();
        }
    }

    private InferenceEvent.Finished relay(InferenceStream stream, InferenceEvent first, Work before)
            throws InterruptedException {
        @Nullable InferenceEvent event = first;
        while (true) {
            if (event == null) {
                sink.idle();
            } else {
                open.report(before.continuedBy(event.work()));
                committedTokenIds.addAll(event.committedTokenIds());
                var finished = deliver(event.output(), open.work());
                if (finished != null) {
                    return finished;
                }
            }
            open.requireHeld();
            event = stream.next(PATIENCE);
        }
    }

    private InferenceEvent.@Nullable Finished deliver(InferenceEvent.Output output, Work work) {
        switch (output) {
            case InferenceEvent.Nothing() -> sink.idle();
            case InferenceEvent.Text(var text) -> {
                sink.committed(text, work);
                faults.reached(++texts == 1 ? FaultPoint.FIRST_TEXT : FaultPoint.MID_STREAM);
            }
            case InferenceEvent.Draft(var text, var positions, var decided) ->
                sink.draft(text, positions, decided, work);
            case InferenceEvent.Finished finished -> {
                return finished;
            }
        }
        return null;
    }

    private static FinishReason reason(InferenceEvent.Finished finished) {
        return switch (finished.reason()) {
            case STOP -> FinishReason.STOP;
            case LENGTH -> FinishReason.LENGTH;
            // We cancel only by closing the stream: whoever this was, the answer is not whole.
            case CANCELLED ->
                throw new SeedbedException(
                        ErrorCode.MODEL_UNAVAILABLE, "engine cancelled the generation: " + finished.detail());
            case ERROR -> throw new SeedbedException(ErrorCode.INTERNAL, "engine failed: " + finished.detail());
        };
    }

    /**
     * Reserves what the rest needs. Refused when the budget has no room, when the last dispatch brought nothing (another would
     * not either), and when the adapter did not tell the tokens to continue from.
     */
    private boolean extend() {
        var work = open.work();
        var rest = maxTokens - work.committedTokens();
        if (rest < 1
                || dispatches >= maxDispatches
                || committedTokenIds.size() != work.committedTokens()
                || (dispatches > 1 && work.committedTokens() == committedBefore)) {
            return false;
        }
        committedBefore = work.committedTokens();
        var needed = Estimate.positions(version, inputTokens + work.committedTokens(), rest);
        var more = Math.max(1, needed - (reservedPositions - work.positionsEvaluated()));
        try {
            accounting.extend(command.requestId(), tenant, Estimate.more(open.prices(), more));
        } catch (SeedbedException refused) {
            if (OUT_OF_ROOM.contains(refused.code())) {
                return false;
            }
            throw refused;
        }
        reservedPositions += more;
        return true;
    }
}
