package dev.seedbed.controlplane.quota;

import dev.seedbed.controlplane.quota.internal.ReservationReading;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.Optional;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Looks reservations up; moves nothing. */
@Service
public class Reservations {

    private final ReservationReading reading;

    Reservations(ReservationReading reading) {
        this.reading = reading;
    }

    @Transactional(readOnly = true)
    public Optional<Reservation> find(RequestId id) {
        return reading.find(id);
    }
}
