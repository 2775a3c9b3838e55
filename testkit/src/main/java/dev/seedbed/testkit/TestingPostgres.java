package dev.seedbed.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server, one per JVM, with a fresh database for whoever asks.
 *
 * <p>PostgreSQL refuses to run as root. As root (in a container, usually) the server is started through {@code unshare -U}: in a
 * user namespace of its own it sees itself as {@code nobody} and still owns its files. A machine that neither allows user
 * namespaces nor has an ordinary user cannot run these tests; the start then fails and says so, nothing is skipped.
 */
public final class TestingPostgres {

    /** Of every database that {@link #createDatabase} makes. */
    public static final String USER = "postgres";

    private static final Object LOCK = new Object();
    private static final AtomicInteger databases = new AtomicInteger();
    private static @Nullable EmbeddedPostgres server;

    private TestingPostgres() {}

    /** Creates an empty database and returns its JDBC URL; user {@link #USER}, no password. */
    public static String createDatabase() {
        var started = server();
        var name = "test_" + databases.incrementAndGet();
        try (var connection = started.getPostgresDatabase().getConnection();
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException("database not created: " + name, e);
        }
        return "jdbc:postgresql://localhost:" + started.getPort() + "/" + name;
    }

    private static EmbeddedPostgres server() {
        synchronized (LOCK) {
            if (server == null) {
                server = start();
            }
            return server;
        }
    }

    private static EmbeddedPostgres start() {
        try {
            // Durability against a power cut is not under test, and the tests wait for each commit.
            var started = EmbeddedPostgres.builder()
                    .setServerConfig("max_connections", "200")
                    .setServerConfig("fsync", "off")
                    .setServerConfig("full_page_writes", "off")
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(started), "stop-testing-postgres"));
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException("PostgreSQL did not start", e);
        }
    }

    private static void stop(EmbeddedPostgres started) {
        try {
            started.close();
        } catch (IOException e) {
            throw new UncheckedIOException("PostgreSQL did not stop", e);
        }
    }
}
