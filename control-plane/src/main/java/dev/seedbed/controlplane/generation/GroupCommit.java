package dev.seedbed.controlplane.generation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes the steps of many threads in groups, one group after the other: while one is worked on, the next one gathers. What a group
 * costs once, each of its steps costs a part of; a step that comes alone is worked on at once, by its own thread.
 */
final class GroupCommit<S, R> {

    private static final int MOST = 64;

    private final Function<List<S>, List<R>> work;
    private final Queue<Waiting<S, R>> waiting = new ArrayDeque<>();
    private boolean busy;

    /** @param work of a group; a result for each of its steps in their order. What it throws, each of them throws */
    GroupCommit(Function<List<S>, List<R>> work) {
        this.work = work;
    }

    private static final class Waiting<S, R> {

        private final S step;

        /** The group to lead; empty: somebody else has taken the step. */
        private final CompletableFuture<List<Waiting<S, R>>> turn = new CompletableFuture<>();

        private @Nullable R result;
        private @Nullable RuntimeException failure;

        Waiting(S step) {
            this.step = step;
        }

        R result() {
            if (failure != null) {
                throw failure;
            }
            if (result == null) {
                throw new IllegalStateException("its group has ended without a result: " + step);
            }
            return result;
        }
    }

    /** Returns once the group of the step is done; is not interrupted. */
    R commit(S step) {
        var mine = new Waiting<S, R>(step);
        var group = enter(mine) ? List.of(mine) : mine.turn.join();
        if (!group.isEmpty()) {
            lead(group);
        }
        return mine.result();
    }

    /** How many steps the next group will take. */
    synchronized int waiting() {
        return waiting.size();
    }

    /** @return whether it leads a group of its own at once */
    private synchronized boolean enter(Waiting<S, R> mine) {
        if (busy) {
            waiting.add(mine);
            return false;
        }
        busy = true;
        return true;
    }

    private void lead(List<Waiting<S, R>> group) {
        // The others have not been interrupted.
        var interrupted = Thread.interrupted();
        try {
            var results = work.apply(group.stream().map(one -> one.step).toList());
            for (var i = 0; i < group.size(); i++) {
                group.get(i).result = results.get(i);
            }
        } catch (RuntimeException e) {
            group.forEach(one -> one.failure = e);
        } finally {
            var next = next();
            if (!next.isEmpty()) {
                next.getFirst().turn.complete(next);
            }
            // The first one is this thread's own.
            group.stream().skip(1).forEach(one -> one.turn.complete(List.of()));
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized List<Waiting<S, R>> next() {
        var next = new ArrayList<Waiting<S, R>>();
        while (next.size() < MOST && !waiting.isEmpty()) {
            next.add(waiting.remove());
        }
        busy = !next.isEmpty();
        return next;
    }
}
