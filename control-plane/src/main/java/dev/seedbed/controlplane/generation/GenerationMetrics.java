package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.model.ModelVersion;
import dev.seedbed.controlplane.quota.Budget;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.usage.Work;
import dev.seedbed.controlplane.wire.ErrorCode;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.springframework.stereotype.Component;

/** Durations of generations, by the names of OpenTelemetry's conventions for generative AI. */
@Component
class GenerationMetrics {

    private final MeterRegistry meters;

    GenerationMetrics(MeterRegistry meters) {
        this.meters = meters;
    }

    Measured start(Surface surface) {
        return new Measured(surface);
    }

    /** One generation being measured. */
    final class Measured implements AutoCloseable {

        private final Surface surface;
        private final long startedAtNanos = System.nanoTime();
        private String model = "none";
        private String error = "none";

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
            record("gen_ai.server.request.duration");
        }

        private void record(String name) {
            Timer.builder(name)
                    .tag("gen_ai.operation.name", surface == Surface.CHAT_COMPLETIONS ? "chat" : "text_completion")
                    .tag("gen_ai.response.model", model)
                    .tag("error.type", error)
                    .serviceLevelObjectives(BUCKETS)
                    .register(meters)
                    .record(Duration.ofNanos(System.nanoTime() - startedAtNanos));
        }

        private final class Watched implements GenerationSink {

            private final GenerationSink sink;
            private boolean textSeen;

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
                if (!textSeen) {
                    textSeen = true;
                    record("gen_ai.server.time_to_first_token");
                }
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

    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(20),
        Duration.ofMillis(40),
        Duration.ofMillis(80),
        Duration.ofMillis(160),
        Duration.ofMillis(320),
        Duration.ofMillis(640),
        Duration.ofMillis(1280),
        Duration.ofMillis(2560),
        Duration.ofMillis(5120),
        Duration.ofMillis(10240),
        Duration.ofMillis(20480),
        Duration.ofMillis(40960),
        Duration.ofMillis(81920)
    };
}
