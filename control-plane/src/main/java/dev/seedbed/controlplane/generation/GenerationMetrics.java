package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.springframework.stereotype.Component;

/**
 * Generations as clients see them, by the names of OpenTelemetry's conventions for generative AI.
 *
 * <p>Labels are bounded: models are named only after the catalogue has resolved them, and nothing is labelled by tenant, project or
 * key. What a tenant used is in the ledger.
 */
@Component
class GenerationMetrics {

    private static final String PROVIDER = "seedbed";
    private static final String NONE = "none";

    private final MeterRegistry meters;

    GenerationMetrics(MeterRegistry meters) {
        this.meters = meters;
    }

    Measured start(Surface surface) {
        return new Measured(surface);
    }

    /** Counts work of a generation that has ended, however it did; to be called once, with what is billed. */
    void used(Surface surface, ModelVersion version, Work work) {
        var tags = tags(surface, version.name());
        count("gen_ai.client.inference.usage.input_tokens", tags, work.inputTokens());
        count("gen_ai.client.inference.usage.output_tokens", tags, work.committedTokens());
        count("gen_ai.client.inference.usage.cache_read.input_tokens", tags, work.cachedInputTokens());
        spread("gen_ai.client.inference.operation.input_tokens", tags, work.inputTokens());
        spread("gen_ai.client.inference.operation.output_tokens", tags, work.committedTokens());
        spread("gen_ai.client.token.usage", tags.and("gen_ai.token.type", "input"), work.inputTokens());
        spread("gen_ai.client.token.usage", tags.and("gen_ai.token.type", "output"), work.committedTokens());
        count("seedbed.generation.forward_passes", tags, work.forwardPasses());
        count("seedbed.generation.positions", tags, work.positionsEvaluated());
        count("seedbed.generation.edits", tags, work.edits());
    }

    private void count(String name, Tags tags, long amount) {
        meters.counter(name, tags).increment(amount);
    }

    private void spread(String name, Tags tags, long amount) {
        DistributionSummary.builder(name)
                .tags(tags)
                .serviceLevelObjectives(MetricBuckets.tokens())
                .register(meters)
                .record(amount);
    }

    private static Tags tags(Surface surface, String model) {
        return Tags.of(
                "gen_ai.operation.name",
                surface == Surface.CHAT_COMPLETIONS ? "chat" : "text_completion",
                "gen_ai.provider.name",
                PROVIDER,
                "gen_ai.response.model",
                model);
    }

    /** One generation being measured. */
    final class Measured implements AutoCloseable {

        private final Surface surface;
        private final long startedAtNanos = System.nanoTime();
        private String model = NONE;
        private String error = NONE;
        private long firstAtNanos;
        private long firstTokens;
        private long lastAtNanos;
        private long lastTokens;

        private Measured(Surface surface) {
            this.surface = surface;
        }

        void failed(ErrorCode code) {
            error = code.name().toLowerCase(Locale.ROOT);
        }

        void cancelled() {
            error = "cancelled";
        }

        GenerationSink watching(GenerationSink sink) {
            return new Watched(sink);
        }

        @Override
        public void close() {
            record("gen_ai.server.request.duration", MetricBuckets.durations(), System.nanoTime() - startedAtNanos);
            if (firstAtNanos != 0) {
                record("gen_ai.server.time_to_first_token", MetricBuckets.first(), firstAtNanos - startedAtNanos);
            }
            if (lastTokens > firstTokens) {
                record(
                        "gen_ai.server.time_per_output_token",
                        MetricBuckets.perOutput(),
                        (lastAtNanos - firstAtNanos) / (lastTokens - firstTokens));
            }
        }

        private void record(String name, Duration[] buckets, long nanos) {
            Timer.builder(name)
                    .tags(tags(surface, model).and("error.type", error))
                    .serviceLevelObjectives(buckets)
                    .register(meters)
                    .record(Duration.ofNanos(nanos));
        }

        private void tokens(long cumulative) {
            lastAtNanos = System.nanoTime();
            lastTokens = cumulative;
            if (firstAtNanos == 0) {
                firstAtNanos = lastAtNanos;
                firstTokens = cumulative;
            }
        }

        private final class Watched implements GenerationSink {

            private final GenerationSink sink;

            Watched(GenerationSink sink) {
                this.sink = sink;
            }

            @Override
            public void admitted(ModelVersion version, List<Budget> budgets) {
                model = version.name();
                sink.admitted(version, budgets);
            }

            @Override
            public void committed(String text, Work work) {
                tokens(work.committedTokens());
                sink.committed(text, work);
            }

            @Override
            public void draft(String text, int positions, int decidedPositions, Work work) {
                sink.draft(text, positions, decidedPositions, work);
            }

            @Override
            public void idle() {
                sink.idle();
            }

            @Override
            public void finished(FinishReason reason, String detail, Work work) {
                sink.finished(reason, detail, work);
            }
        }
    }
}
