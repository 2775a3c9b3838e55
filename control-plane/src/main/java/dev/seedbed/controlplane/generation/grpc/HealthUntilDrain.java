package dev.seedbed.controlplane.generation.grpc;

import io.grpc.protobuf.services.HealthStatusManager;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/** {@code grpc.health.v1} says NOT_SERVING as soon as the drain begins, for good. */
@Component
class HealthUntilDrain implements ApplicationListener<ContextClosedEvent>, Ordered {

    private final ApplicationContext context;
    private final HealthStatusManager health;

    HealthUntilDrain(ApplicationContext context, HealthStatusManager health) {
        this.context = context;
        this.health = health;
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public void onApplicationEvent(ContextClosedEvent event) {
        if (event.getApplicationContext() == context) {
            health.enterTerminalState();
        }
    }
}
