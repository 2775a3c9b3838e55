package dev.seedbed.testkit.paced;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGeneratorFactory;

/** One run of calls on a target, and what it measured. */
final class Load {

    /** A target that falls behind must not take the generator's memory with it. */
    private static final int MOST_OPEN = 2000;

    private static final Duration LAST_ANSWERS = Duration.ofSeconds(30);

    private static final long SEED = 42;

    private final Target target;
    private final long[] firstNanos;
    private final long[] totalNanos;
    private final long[] lagNanos;
    private final AtomicInteger answered = new AtomicInteger();
    private final Map<String, Integer> failures = new TreeMap<>();
    private final Semaphore open = new Semaphore(MOST_OPEN);

    private Load(Target target, int mostCalls) {
        this.target = target;
        this.firstNanos = new long[mostCalls];
        this.totalNanos = new long[mostCalls];
        this.lagNanos = new long[mostCalls];
    }

    /**
     * Calls begin at the rate's own random moments, whether or not earlier ones were answered.
     *
     * @param perSecond mean of a Poisson process whose moments are the same in every run
     */
    static String open(Target target, double perSecond, double seconds) throws InterruptedException {
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
        var load = new Load(target, (int) (perSecond * seconds * 1.5) + 1000);
        var cpu = cpuNanos();
        var began = System.nanoTime();
        var due = (double) began;
        var calls = 0;
        while (true) {
            due += random.nextExponential() / perSecond * 1e9;
            if (due - began > seconds * 1e9 || calls == load.lagNanos.length) {
                break;
            }
            for (var rest = (long) due - System.nanoTime(); rest > 0; rest = (long) due - System.nanoTime()) {
                LockSupport.parkNanos(rest);
            }
            load.lagNanos[calls++] = System.nanoTime() - (long) due;
            load.begin();
        }
        load.awaitLast();
        return load.json(calls, seconds, cpuNanos() - cpu);
    }

    /** As many calls at a time, each followed by the next. */
    static String closed(Target target, int concurrency, double seconds) throws InterruptedException {
        var load = new Load(target, 2_000_000);
        var cpu = cpuNanos();
        var began = System.nanoTime();
        var callers = new Thread[concurrency];
        for (var i = 0; i < concurrency; i++) {
            callers[i] = Thread.ofVirtual().start(() -> {
                while (System.nanoTime() - began < seconds * 1e9) {
                    load.call();
                }
            });
        }
        for (var caller : callers) {
            caller.join();
        }
        var took = (System.nanoTime() - began) / 1e9;
        return load.json(load.answered.get() + load.failed(), took, cpuNanos() - cpu);
    }

    private void begin() {
        if (!open.tryAcquire()) {
            note("not begun, too many open");
            return;
        }
        Thread.ofVirtual().start(() -> {
            try {
                call();
            } finally {
                open.release();
            }
        });
    }

    private void call() {
        var began = System.nanoTime();
        try {
            var first = target.call();
            var ended = System.nanoTime();
            var number = answered.getAndIncrement();
            if (number < totalNanos.length) {
                firstNanos[number] = first - began;
                totalNanos[number] = ended - began;
            }
        } catch (Target.CallFailedException failed) {
            note(String.valueOf(failed.getMessage()));
        } catch (Exception broken) {
            note(broken.getClass().getSimpleName());
        }
    }

    private void awaitLast() throws InterruptedException {
        if (!open.tryAcquire(MOST_OPEN, LAST_ANSWERS.toMillis(), TimeUnit.MILLISECONDS)) {
            note("not answered in time");
        }
    }

    private void note(String kind) {
        synchronized (failures) {
            failures.merge(kind, 1, Integer::sum);
        }
    }

    private int failed() {
        synchronized (failures) {
            return failures.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private String json(int calls, double seconds, long cpuNanos) {
        var count = Math.min(answered.get(), totalNanos.length);
        var kinds = new StringBuilder();
        synchronized (failures) {
            failures.forEach((kind, times) -> kinds.append(kinds.isEmpty() ? "" : ", ")
                    .append("\"%s\": %d".formatted(kind.replace('"', '\''), times)));
        }
        return ("{\"calls\": %d, \"answered\": %d, \"failures\": {%s}, \"seconds\": %.3f, \"first_ms\": %s, \"total_ms\": %s, "
                        + "\"lag_ms\": %s, \"generator_cpu_seconds\": %.3f}")
                .formatted(
                        calls,
                        count,
                        kinds,
                        seconds,
                        quantiles(firstNanos, count),
                        quantiles(totalNanos, count),
                        quantiles(lagNanos, Math.min(calls, lagNanos.length)),
                        cpuNanos / 1e9);
    }

    private static String quantiles(long[] nanos, int count) {
        var sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return "{\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f}"
                .formatted(quantile(sorted, 0.5), quantile(sorted, 0.9), quantile(sorted, 0.99));
    }

    private static double quantile(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1] / 1e6;
    }
}
