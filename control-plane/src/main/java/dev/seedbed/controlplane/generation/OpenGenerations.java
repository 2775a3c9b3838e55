package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.springframework.stereotype.Component;

/** The generations that this replica runs now. Bounded. */
@Component
class OpenGenerations {

    private final ConcurrentHashMap<RequestId, OpenGeneration> open = new ConcurrentHashMap<>();
    private final Semaphore places;
    private final int maxOpen;

    OpenGenerations(GenerationProperties properties, MeterRegistry meters) {
        this.maxOpen = properties.maxOpen();
        this.places = new Semaphore(maxOpen);
        meters.gaugeMapSize("seedbed.generation.open", List.of(), open);
    }

    /** @throws SeedbedException OVERLOADED */
    void takePlace() {
        if (!places.tryAcquire()) {
            throw new SeedbedException(
                    ErrorCode.OVERLOADED, "too many generations at a time (limit: %d)".formatted(maxOpen));
        }
    }

    void givePlaceBack() {
        places.release();
    }

    void add(OpenGeneration generation) {
        open.put(generation.id(), generation);
    }

    void remove(OpenGeneration generation) {
        open.remove(generation.id());
    }

    List<OpenGeneration> list() {
        return List.copyOf(open.values());
    }
}
