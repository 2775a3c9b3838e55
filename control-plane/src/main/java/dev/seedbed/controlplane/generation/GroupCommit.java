package dev.seedbed.controlplane.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/**
 * Takes the steps of many threads in groups, one group after the other: while one is worked on, the next one gathers. What a group
 * costs once, each of its steps costs a part of.
 *
 * <p>Works in a platform thread of its own: a virtual one switches threads several times for each answer of the database.
 */
final class GroupCommit<S, R> implements AutoCloseable {

    private static final int MOST = 64;

    private final Function<List<S>, List<R>> work;
    private final LinkedBlockingQueue<Waiting<S, R>> waiting = new LinkedBlockingQueue<>();
    private final ExecutorService worker;

    /** @param work of a group; a result for each of its steps in their order. What it throws, each of them throws */
    GroupCommit(String name, Function<List<S>, List<R>> work) {
        this.work = work;
        this.worker = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name(name).daemon().factory());
    }

    private record Waiting<S, R>(S step, CompletableFuture<R> result) {}

    /** Returns once the group of the step is done; is not interrupted. @throws IllegalStateException it is closed */
    R commit(S step) {
        var mine = new Waiting<>(step, new CompletableFuture<R>());
        waiting.add(mine);
        try {
            worker.execute(this::takeWaiting);
        } catch (RejectedExecutionException e) {
            waiting.remove(mine);
            throw new IllegalStateException("closed", e);
        }
        try {
            return mine.result().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** How many steps the next group will take. */
    int waiting() {
        return waiting.size();
    }

    /** Finds nothing when a group before has taken what it was called for. */
    private void takeWaiting() {
        var group = new ArrayList<Waiting<S, R>>();
        waiting.drainTo(group, MOST);
        if (group.isEmpty()) {
            return;
        }
        try {
            var results = work.apply(group.stream().map(Waiting::step).toList());
            for (var i = 0; i < group.size(); i++) {
                group.get(i).result().complete(results.get(i));
            }
        } catch (RuntimeException | Error e) {
            group.forEach(one -> one.result().completeExceptionally(e));
        }
    }

    /** Once the steps that wait are done. */
    @Override
    public void close() {
        worker.close();
    }
}
