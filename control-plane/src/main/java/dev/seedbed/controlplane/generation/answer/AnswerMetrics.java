package dev.seedbed.controlplane.generation.answer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;

/** How often a request was answered by an earlier one. */
@Component
class AnswerMetrics {

    private final MeterRegistry meters;
    private final Counter replays;
    private final Counter attachments;
    private final Counter adoptions;

    AnswerMetrics(MeterRegistry meters) {
        this.meters = meters;
        this.replays = meters.counter("seedbed.answer.replays");
        this.attachments = meters.counter("seedbed.answer.attachments");
        this.adoptions = meters.counter("seedbed.answer.adoptions");
    }

    /** An answer was read from the database. */
    void replayed() {
        replays.increment();
    }

    /** A request follows an answer that is being generated for another. */
    void attached() {
        attachments.increment();
    }

    /** An attempt's charge was given back to its retry. */
    void adopted() {
        adoptions.increment();
    }

    void detached(Supplier<Number> now) {
        Gauge.builder("seedbed.answer.detached", now).strongReference(true).register(meters);
    }
}
