package dev.seedbed.controlplane.generation.grpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.seedbed.controlplane.generation.FinishReason;
import dev.seedbed.controlplane.generation.GenerationSink;
import dev.seedbed.controlplane.generation.RateLimit;
import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.generation.v1.GenerateResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends events to one gRPC client, and waits while it is not ready. Sending is the relay's thread alone; gRPC's threads only
 * signal.
 */
final class StreamedEvents implements GenerationSink {

    /** A client that reads nothing for so long is given up. */
    private static final long STALL_NANOS = Duration.ofSeconds(60).toNanos();

    private final ServerCallStreamObserver<GenerateResponse> client;
    private final Call call;
    private RequestId answered;
    private boolean admitted;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private boolean gone;

    /** Created before the service method returns: later, gRPC takes no handlers. */
    StreamedEvents(ServerCallStreamObserver<GenerateResponse> client, Call call) {
        this.client = client;
        this.call = call;
        this.answered = call.id();
        client.setOnReadyHandler(this::signal);
        client.setOnCancelHandler(this::clientGone);
    }

    /** Whether anything was reserved. Of the relay's thread. */
    boolean isAdmitted() {
        return admitted;
    }

    private void signal() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void clientGone() {
        lock.lock();
        try {
            gone = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void replays(RequestId original, Instant created) {
        answered = original;
        call.replayed();
    }

    @Override
    public void admitted(ModelVersion version, List<Budget> budgets) {
        call.admitted(RateLimit.of(budgets));
        admitted = true;
        send(GenerationWire.started(answered, version.name()));
    }

    @Override
    public void committed(String text, Work work) {
        send(GenerationWire.committed(text, work));
    }

    @Override
    public void draft(String text, int positions, int decidedPositions, Work work) {
        send(GenerationWire.draft(text, positions, decidedPositions, work));
    }

    @Override
    public void idle() {
        lock.lock();
        try {
            requireClient();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void finished(FinishReason reason, String detail, Work work) {
        send(GenerationWire.finished(reason, detail, work));
        client.onCompleted();
    }

    private void send(GenerateResponse message) {
        awaitReady();
        client.onNext(message);
    }

    private void awaitReady() {
        var remaining = STALL_NANOS;
        lock.lock();
        try {
            requireClient();
            while (!client.isReady()) {
                if (remaining <= 0) {
                    throw new ClientGoneException("client reads nothing");
                }
                remaining = changed.awaitNanos(remaining);
                requireClient();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void requireClient() {
        if (gone || client.isCancelled()) {
            throw new ClientGoneException("client cancelled");
        }
    }
}
