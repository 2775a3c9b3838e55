package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.triton.DecodeOutput.Work;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;

/** Counts generations. Labels are bounded: versions of the repository, finish reasons and error codes. */
@Component
class GenerationMetrics {

    private static final String VERSION = "model_version";
    private static final String UNKNOWN_VERSION = "unknown";

    private final MeterRegistry registry;
    private final AtomicInteger active;

    GenerationMetrics(MeterRegistry registry) {
        this.registry = registry;
        active = registry.gauge("seedbed.adapter.streams.active", new AtomicInteger());
    }

    void started() {
        active.incrementAndGet();
    }

    void firstText(String version, Duration sinceRequest) {
        registry.timer("seedbed.adapter.first.text", VERSION, version).record(sinceRequest);
    }

    /** @param outcome a finish reason or an error code */
    void ended(String version, Enum<?> outcome, Work work) {
        active.decrementAndGet();
        count(version, outcome);
        registry.counter("seedbed.adapter.tokens", VERSION, version, "kind", "input")
                .increment(work.inputTokens());
        registry.counter("seedbed.adapter.tokens", VERSION, version, "kind", "output")
                .increment(work.committedTokens());
    }

    /** A request that never reached the engine. */
    void refused(Enum<?> code) {
        count(UNKNOWN_VERSION, code);
    }

    private void count(String version, Enum<?> outcome) {
        registry.counter(
                        "seedbed.adapter.generations",
                        VERSION,
                        version,
                        "outcome",
                        outcome.name().toLowerCase(Locale.ROOT))
                .increment();
    }
}
