package dev.seedbed.testkit.paced;

import dev.seedbed.inference.v1.GenerateRequest;
import dev.seedbed.testkit.FakeGeneration;
import java.util.concurrent.locks.LockSupport;

/**
 * When an answer says what: token {@code i} of {@code tokens} is due {@code firstMillis + i * intervalMillis} after the request, and
 * the end with the last one. A late token does not make the following ones late.
 *
 * @param tokens of one answer; fewer when the request allows fewer
 */
record Pace(int firstMillis, int tokens, int intervalMillis) {

    /** What each token says. A load generator looks for it. */
    static final String TOKEN = "word ";

    Pace {
        if (firstMillis < 0 || tokens < 1 || intervalMillis < 0) {
            throw new IllegalArgumentException(
                    "pace out of range: first %d ms, %d tokens, every %d ms (expected: >= 0, >= 1, >= 0)"
                            .formatted(firstMillis, tokens, intervalMillis));
        }
    }

    static Pace of(Options options) {
        return new Pace(options.number("first-ms"), options.number("tokens"), options.number("interval-ms"));
    }

    /** As a script of the fake inference server. */
    void run(GenerateRequest request, FakeGeneration generation) {
        var began = System.nanoTime();
        var last = Math.min(tokens, request.getMaxTokens());
        for (var token = 0; token < last && !generation.isCancelled(); token++) {
            await(began, token);
            generation.commit(TOKEN, 1);
        }
        generation.stop();
    }

    /** Returns when the token is due. */
    void await(long beganNanos, int token) {
        var due = beganNanos + (firstMillis + (long) token * intervalMillis) * 1_000_000;
        for (var rest = due - System.nanoTime(); rest > 0; rest = due - System.nanoTime()) {
            LockSupport.parkNanos(rest);
        }
    }
}
