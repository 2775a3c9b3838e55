package dev.seedbed.controlplane.quota.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Runs histories; one that fails is made as short as it can be and still fails. */
final class Histories {

    private static final int LENGTH = 70;

    private Histories() {}

    interface Run {
        /** @throws AssertionError something did not hold */
        void of(List<Step> steps);
    }

    static void run(long firstSeed, int count, Run run) {
        for (long seed = firstSeed; seed < firstSeed + count; seed++) {
            var steps = Step.history(new Random(seed), LENGTH);
            var failure = failure(steps, run);
            if (failure != null) {
                var shortest = shrink(steps, run);
                throw new AssertionError(
                        "history of seed %d fails: %s%n%s"
                                .formatted(seed, failure.getMessage(), String.join("\n", lines(shortest))),
                        failure);
            }
        }
    }

    static List<Step> shrink(List<Step> steps, Run run) {
        var shortest = new ArrayList<>(steps);
        for (int i = shortest.size() - 1; i >= 0; i--) {
            var without = new ArrayList<>(shortest);
            without.remove(i);
            if (failure(without, run) != null) {
                shortest = without;
            }
        }
        return shortest;
    }

    static @Nullable AssertionError failure(List<Step> steps, Run run) {
        try {
            run.of(steps);
            return null;
        } catch (AssertionError failure) {
            return failure;
        }
    }

    private static List<String> lines(List<Step> steps) {
        return steps.stream().map(Step::toString).toList();
    }
}
