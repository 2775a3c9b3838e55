package dev.seedbed.controlplane.generation;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * The way to the end. Readiness has fallen already when this begins; requests are served a little longer, then refused; open
 * generations get their grace, and what is left of them is told to stop, which sends a terminal error and settles.
 *
 * <p>All of it happens before any server stops: a generation that ends within its grace never loses its connection.
 */
@Component
class Drain implements ApplicationListener<ContextClosedEvent>, Ordered {

    private static final Logger log = LoggerFactory.getLogger(Drain.class);
    private static final Duration LAST_SETTLEMENTS = Duration.ofSeconds(5);
    private static final Duration LOOK_AGAIN_AFTER = Duration.ofMillis(20);

    private final ApplicationContext context;
    private final OpenGenerations open;
    private final DrainProperties properties;

    Drain(ApplicationContext context, OpenGenerations open, DrainProperties properties) {
        this.context = context;
        this.open = open;
        this.properties = properties;
    }

    /** After the health service has learnt of it, before anything that stops. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE + 1;
    }

    @Override
    public void onApplicationEvent(ContextClosedEvent event) {
        if (event.getApplicationContext() != context) {
            return;
        }
        try {
            Thread.sleep(properties.readinessDelay());
            open.refuse("the server is shutting down");
            log.info("draining {} generations for {} at most", open.places(), properties.streamGrace());
            awaitNone(properties.streamGrace());
            open.list().forEach(generation -> generation.stop("the server is shutting down"));
            awaitNone(LAST_SETTLEMENTS);
            if (open.places() > 0) {
                log.warn("{} generations are left to expire", open.places());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitNone(Duration atMost) throws InterruptedException {
        var deadline = System.nanoTime() + atMost.toNanos();
        while (open.places() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(LOOK_AGAIN_AFTER);
        }
    }
}
