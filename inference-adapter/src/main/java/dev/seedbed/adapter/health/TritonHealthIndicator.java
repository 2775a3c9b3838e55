package dev.seedbed.adapter.health;

import dev.seedbed.adapter.triton.TritonClient;
import java.time.Duration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up while Triton answers that it is ready; which versions it serves is another question. */
@Component
class TritonHealthIndicator implements HealthIndicator {

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final TritonClient triton;

    TritonHealthIndicator(TritonClient triton) {
        this.triton = triton;
    }

    @Override
    public Health health() {
        return triton.isReady(PATIENCE) ? Health.up().build() : Health.down().build();
    }
}
