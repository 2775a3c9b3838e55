package dev.seedbed.controlplane.quota.history;

import dev.seedbed.controlplane.quota.Amounts;
import dev.seedbed.controlplane.quota.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What can happen. A step that makes no sense where a history stands, because what it names is not there, does nothing; so any
 * part of a history is a history, and one that fails can be made shorter.
 */
sealed interface Step {

    record Reserve(int replica, Amounts wanted) implements Step {}

    /** The engine does a share of what a request may still do, in percent. */
    record Work(int request, int percent) implements Step {}

    record Extend(int request, long positions) implements Step {}

    /** A replica's heartbeat: checkpoints and renews all that it holds. */
    record Beat(int replica) implements Step {}

    /** The end of a request, at its replica; without work it voids. */
    record Settle(int request) implements Step {}

    /** A replica is killed, and another one starts in its place. */
    record Crash(int replica) implements Step {}

    record Pause(int replica) implements Step {}

    record Resume(int replica) implements Step {}

    record Sweep() implements Step {}

    /** The database cannot be reached. */
    record Outage() implements Step {}

    record Recovery() implements Step {}

    /** On every clock; each replica's own runs a little fast or slow. */
    record Advance(int seconds) implements Step {}

    record TurnDay() implements Step {}

    record SetLimit(int limit, long amount) implements Step {}

    static List<Step> history(Random random, int length) {
        var steps = new ArrayList<Step>();
        var requests = 0;
        while (steps.size() < length) {
            var replica = random.nextInt(World.REPLICAS);
            var request = Math.max(0, requests - 1 - random.nextInt(8));
            steps.add(
                    switch (random.nextInt(32)) {
                        case 0, 1, 2, 3, 4, 5 -> {
                            requests++;
                            yield new Reserve(replica, wanted(random));
                        }
                        case 6, 7, 8, 9, 10 -> new Work(request, random.nextInt(101));
                        case 11, 12 -> new Extend(request, 1 + random.nextLong(60));
                        case 13, 14, 15, 16 -> new Beat(replica);
                        case 17, 18, 19, 20 -> new Settle(request);
                        case 21 -> new Crash(replica);
                        case 22 -> new Pause(replica);
                        case 23 -> new Resume(replica);
                        case 24, 25 -> new Sweep();
                        case 26 -> random.nextInt(3) == 0 ? new Outage() : new Recovery();
                        case 27, 28, 29 -> new Advance(3 * (1 + random.nextInt(5)));
                        case 30 -> new TurnDay();
                        default -> new SetLimit(random.nextInt(World.LIMITS.size()), random.nextLong(400));
                    });
        }
        return steps;
    }

    private static Amounts wanted(Random random) {
        var input = 1 + random.nextLong(10);
        return Amounts.of(Map.of(
                Unit.REQUEST,
                1L,
                Unit.INPUT_TOKEN,
                input,
                Unit.CACHED_INPUT_TOKEN,
                input,
                Unit.OUTPUT_TOKEN,
                1 + random.nextLong(20),
                Unit.POSITION,
                10 + random.nextLong(90)));
    }
}
