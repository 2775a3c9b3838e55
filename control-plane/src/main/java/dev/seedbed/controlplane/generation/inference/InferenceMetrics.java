package dev.seedbed.controlplane.generation.inference;

import dev.seedbed.controlplane.generation.MetricBuckets;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import org.springframework.stereotype.Component;

/**
 * Dispatches to the engine as this process sees them, by the names of OpenTelemetry's conventions for generative AI. Chunks, not
 * tokens: a block of diffusion commits many tokens at a time.
 */
@Component
class InferenceMetrics {

    private static final String NONE = "none";

    private final MeterRegistry meters;

    InferenceMetrics(MeterRegistry meters) {
        this.meters = meters;
    }

    Call start(Dispatch dispatch) {
        return new Call(dispatch.modelVersion());
    }

    /** One dispatch being measured; used by one thread. */
    final class Call {

        private final Tags tags;
        private final long startedAtNanos = System.nanoTime();
        private long lastChunkAtNanos;
        private boolean over;

        private Call(String modelVersion) {
            this.tags = Tags.of(
                    "gen_ai.operation.name", "text_completion",
                    "gen_ai.provider.name", "seedbed",
                    "gen_ai.request.model", modelVersion);
        }

        void event(InferenceEvent event) {
            switch (event.output()) {
                case InferenceEvent.Text text -> chunk();
                case InferenceEvent.Finished finished -> end(NONE);
                default -> {}
            }
        }

        void failed(RuntimeException failure) {
            end(failure instanceof SeedbedException known ? known.code().name().toLowerCase(Locale.ROOT) : "cancelled");
        }

        void abandoned() {
            end("cancelled");
        }

        private void chunk() {
            var now = System.nanoTime();
            if (lastChunkAtNanos == 0) {
                record(
                        "gen_ai.client.operation.time_to_first_chunk",
                        tags,
                        MetricBuckets.first(),
                        now - startedAtNanos);
            } else {
                record(
                        "gen_ai.client.operation.time_per_output_chunk",
                        tags,
                        MetricBuckets.perOutput(),
                        now - lastChunkAtNanos);
            }
            lastChunkAtNanos = now;
        }

        private void end(String error) {
            if (over) {
                return;
            }
            over = true;
            record(
                    "gen_ai.client.operation.duration",
                    tags.and("error.type", error),
                    MetricBuckets.durations(),
                    System.nanoTime() - startedAtNanos);
        }

        private void record(String name, Tags labels, Duration[] buckets, long nanos) {
            Timer.builder(name)
                    .tags(labels)
                    .serviceLevelObjectives(buckets)
                    .register(meters)
                    .record(Duration.ofNanos(nanos));
        }
    }
}
