package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.RequestId;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The generations that this replica runs now. Bounded. */
@Component
class OpenGenerations {

    private final ConcurrentHashMap<RequestId, OpenGeneration> open = new ConcurrentHashMap<>();
    private final Semaphore places;
    private final int maxOpen;
    private volatile @Nullable String refused;

    OpenGenerations(GenerationProperties properties, MeterRegistry meters) {
        this.maxOpen = properties.maxOpen();
        this.places = new Semaphore(maxOpen);
        meters.gaugeMapSize("seedbed.generation.open", List.of(), open);
    }

    /** @throws SeedbedException OVERLOADED */
    void takePlace() {
        var reason = refused;
        if (reason != null) {
            throw new SeedbedException(ErrorCode.OVERLOADED, reason);
        }
        if (!places.tryAcquire()) {
            throw new SeedbedException(
                    ErrorCode.OVERLOADED, "too many generations at a time (limit: %d)".formatted(maxOpen));
        }
    }

    /** From now on nobody gets a place. @param reason what they are told */
    void refuse(String reason) {
        refused = reason;
    }

    /** Places taken: generations that are being admitted, wait or run. */
    int places() {
        return maxOpen - places.availablePermits();
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
