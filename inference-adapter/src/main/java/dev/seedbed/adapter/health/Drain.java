package dev.seedbed.adapter.health;

import io.grpc.protobuf.services.HealthStatusManager;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * The first step of a shutdown: readiness has fallen on the management port and falls here for gRPC, while generations are still
 * taken, until callers have noticed. Then the gRPC server refuses new ones and waits for the open ones.
 */
@Component
class Drain implements ApplicationListener<ContextClosedEvent>, Ordered {

    private final ApplicationContext context;
    private final HealthStatusManager health;
    private final Duration readinessDelay;

    Drain(
            ApplicationContext context,
            HealthStatusManager health,
            @Value("${seedbed.drain.readiness-delay}") Duration readinessDelay) {
        this.context = context;
        this.health = health;
        this.readinessDelay = readinessDelay;
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public void onApplicationEvent(ContextClosedEvent event) {
        if (event.getApplicationContext() != context) {
            return;
        }
        health.enterTerminalState();
        try {
            Thread.sleep(readinessDelay);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
