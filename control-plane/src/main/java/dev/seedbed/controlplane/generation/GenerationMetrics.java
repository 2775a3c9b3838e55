package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
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
    private final Map<Labels, Usage> usage = new ConcurrentHashMap<>();
    private final Map<Labels, Durations> durations = new ConcurrentHashMap<>();

    GenerationMetrics(MeterRegistry meters) {
        this.meters = meters;
    }

    Measured start(Surface surface) {
        return new Measured(surface);
    }

    /** Counts work of a generation that has ended, however it did; to be called once, with what is billed. */
    void used(Surface surface, ModelVersion version, Work work) {
        usage.computeIfAbsent(new Labels(surface, version.name(), NONE), Usage::new)
                .add(work);
    }

    /** What meters are told apart by; a registry takes longer to find them by their tags than to count. */
    private record Labels(Surface surface, String model, String error) {

        Tags tags() {
            return Tags.of(
                    "gen_ai.operation.name",
                    surface == Surface.CHAT_COMPLETIONS ? "chat" : "text_completion",
                    "gen_ai.provider.name",
                    PROVIDER,
                    "gen_ai.response.model",
                    model);
        }
    }

    private final class Usage {

        private final Tags tags;
        private final Counter inputTokens;
        private final Counter outputTokens;
        private final Counter cachedInputTokens;
        private final Counter forwardPasses;
        private final Counter positions;
        private final Counter edits;
        private final DistributionSummary inputSizes;
        private final DistributionSummary outputSizes;
        private final DistributionSummary inputUsage;
        private final DistributionSummary outputUsage;

        private Usage(Labels labels) {
            this.tags = labels.tags();
            this.inputTokens = counter("gen_ai.client.inference.usage.input_tokens");
            this.outputTokens = counter("gen_ai.client.inference.usage.output_tokens");
            this.cachedInputTokens = counter("gen_ai.client.inference.usage.cache_read.input_tokens");
            this.forwardPasses = counter("seedbed.generation.forward_passes");
            this.positions = counter("seedbed.generation.positions");
            this.edits = counter("seedbed.generation.edits");
            this.inputSizes = sizes("gen_ai.client.inference.operation.input_tokens", Tags.empty());
            this.outputSizes = sizes("gen_ai.client.inference.operation.output_tokens", Tags.empty());
            this.inputUsage = sizes("gen_ai.client.token.usage", Tags.of("gen_ai.token.type", "input"));
            this.outputUsage = sizes("gen_ai.client.token.usage", Tags.of("gen_ai.token.type", "output"));
        }

        private Counter counter(String name) {
            return meters.counter(name, tags);
        }

        private DistributionSummary sizes(String name, Tags more) {
            return DistributionSummary.builder(name)
                    .tags(tags.and(more))
                    .serviceLevelObjectives(MetricBuckets.tokens())
                    .register(meters);
        }

        void add(Work work) {
            inputTokens.increment(work.inputTokens());
            outputTokens.increment(work.committedTokens());
            cachedInputTokens.increment(work.cachedInputTokens());
            forwardPasses.increment(work.forwardPasses());
            positions.increment(work.positionsEvaluated());
            edits.increment(work.edits());
            inputSizes.record(work.inputTokens());
            outputSizes.record(work.committedTokens());
            inputUsage.record(work.inputTokens());
            outputUsage.record(work.committedTokens());
        }
    }

    private final class Durations {

        private final Tags tags;
        private final Timer request;
        private final Timer timeToFirstToken;
        private final Timer timePerOutputToken;

        private Durations(Labels labels) {
            this.tags = labels.tags().and("error.type", labels.error());
            this.request = timer("gen_ai.server.request.duration", MetricBuckets.durations());
            this.timeToFirstToken = timer("gen_ai.server.time_to_first_token", MetricBuckets.first());
            this.timePerOutputToken = timer("gen_ai.server.time_per_output_token", MetricBuckets.perOutput());
        }

        private Timer timer(String name, Duration[] buckets) {
            return Timer.builder(name)
                    .tags(tags)
                    .serviceLevelObjectives(buckets)
                    .register(meters);
        }
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
            var of = durations.computeIfAbsent(new Labels(surface, model, error), Durations::new);
            record(of.request, System.nanoTime() - startedAtNanos);
            if (firstAtNanos != 0) {
                record(of.timeToFirstToken, firstAtNanos - startedAtNanos);
            }
            if (lastTokens > firstTokens) {
                record(of.timePerOutputToken, (lastAtNanos - firstAtNanos) / (lastTokens - firstTokens));
            }
        }

        private static void record(Timer timer, long nanos) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
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
