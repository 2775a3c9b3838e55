package dev.seedbed.controlplane.generation.inference;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One dispatch under way; used by one thread. At most one event waits unread, so a slow reader slows the adapter's sending. */
public interface InferenceStream extends AutoCloseable {

    /**
     * The next event, or null if none came within the patience.
     *
     * @throws dev.seedbed.controlplane.wire.SeedbedException the dispatch failed, or ended without its last event
     * @throws dev.seedbed.controlplane.generation.GenerationSink.ClientGoneException the caller's own call was cancelled
     */
    @Nullable
    InferenceEvent next(Duration patience) throws InterruptedException;

    @Override
    void close();
}
