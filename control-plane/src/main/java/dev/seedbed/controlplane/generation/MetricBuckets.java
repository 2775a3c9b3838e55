package dev.seedbed.controlplane.generation;

import java.time.Duration;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Bounds of histograms, as OpenTelemetry's conventions for generative AI advise. */
public final class MetricBuckets {

    /** 0.01 s to 81.92 s, each twice the one before. */
    private static final Duration[] DURATIONS =
            IntStream.range(0, 14).mapToObj(n -> Duration.ofMillis(10L << n)).toArray(Duration[]::new);

    private static final Duration[] FIRST =
            millis(1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000);

    private static final Duration[] PER_OUTPUT =
            millis(10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 2_500);

    /** 1 to 4^13. */
    private static final double[] TOKENS =
            DoubleStream.iterate(1, bound -> bound * 4).limit(14).toArray();

    private MetricBuckets() {}

    /** Of whole operations. */
    public static Duration[] durations() {
        return DURATIONS.clone();
    }

    /** Until a first token or chunk. */
    public static Duration[] first() {
        return FIRST.clone();
    }

    /** Between tokens or chunks after the first. */
    public static Duration[] perOutput() {
        return PER_OUTPUT.clone();
    }

    static double[] tokens() {
        return TOKENS.clone();
    }

    private static Duration[] millis(long... bounds) {
        return LongStream.of(bounds).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
