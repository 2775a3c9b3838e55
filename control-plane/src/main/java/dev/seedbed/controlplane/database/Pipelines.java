package dev.seedbed.controlplane.database;

import java.util.function.Consumer;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.stereotype.Component;

/** Makes pipelines. */
@Component
public class Pipelines {

    private final JdbcOperations jdbc;

    Pipelines(JdbcOperations jdbc) {
        this.jdbc = jdbc;
    }

    /** An empty one, to be sent within one transaction. */
    public Pipeline begin() {
        return new Pipeline(jdbc);
    }

    /** Sends what {@code statements} adds before it returns. */
    public void sendNow(Consumer<Pipeline> statements) {
        var pipeline = begin();
        statements.accept(pipeline);
        pipeline.send();
    }
}
