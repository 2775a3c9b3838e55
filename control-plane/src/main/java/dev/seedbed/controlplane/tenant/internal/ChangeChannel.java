package dev.seedbed.controlplane.tenant.internal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Listens for {@link KeyChange}s on a connection of its own and makes the cache forget what they concern. The channel is proven by
 * an echo: the replica notifies itself, and PostgreSQL delivers notifications in the order of their commits, so that with an echo
 * everything has come that was committed before the echo was sent. Whoever asks must look at {@link #provenAt} before the cache.
 */
@Component
class ChangeChannel implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(ChangeChannel.class);
    private static final Duration RECONNECT_PAUSE = Duration.ofMillis(200);
    private static final int CONNECT_TIMEOUT_SECONDS = 1;

    /** pgjdbc keeps to a network timeout by itself. */
    private static final Executor NONE = command -> {};

    private final PGSimpleDataSource database = new PGSimpleDataSource();
    private final String echoes = "tenant_echo_"
            + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    private final Duration echoPeriod;
    private final Duration trust;
    private final KeyCache cache;

    private volatile @Nullable Long provenAt;
    private volatile @Nullable Thread listener;

    @Autowired
    ChangeChannel(JdbcConnectionDetails connection, ApiKeyCacheProperties properties, KeyCache cache) {
        this(connection.getJdbcUrl(), connection.getUsername(), connection.getPassword(), properties, cache);
    }

    ChangeChannel(
            String url,
            @Nullable String user,
            @Nullable String password,
            ApiKeyCacheProperties properties,
            KeyCache cache) {
        database.setUrl(url);
        database.setUser(user);
        database.setPassword(password);
        database.setApplicationName("seedbed-changes");
        database.setConnectTimeout(CONNECT_TIMEOUT_SECONDS);
        this.echoPeriod = properties.echoPeriod();
        this.trust = properties.trust();
        this.cache = cache;
    }

    /** When the newest echo that came back was sent, on the monotonic clock; null: none came yet. */
    @Nullable
    Long provenAt() {
        return provenAt;
    }

    @Override
    public void start() {
        // Known before it runs: it ends when it is not, or no longer, the listener.
        Thread thread = Thread.ofPlatform().daemon().name("tenant-changes").unstarted(this::listenForEver);
        listener = thread;
        thread.start();
    }

    @Override
    public void stop() {
        Thread running = listener;
        listener = null;
        if (running != null) {
            running.interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return listener != null;
    }

    /** From before the first request until after the last one. */
    @Override
    public int getPhase() {
        return 0;
    }

    private boolean isListener() {
        return Thread.currentThread() == listener;
    }

    private void listenForEver() {
        boolean told = false;
        while (isListener()) {
            long before = System.nanoTime();
            try (Connection connection = database.getConnection()) {
                listen(connection);
            } catch (SQLException | RuntimeException e) {
                Long proven = provenAt;
                boolean worked = proven != null && proven - before > 0;
                if (isListener() && (worked || !told)) {
                    log.warn("API keys are read from the database until changes are told again: {}", e.getMessage());
                    told = true;
                }
            }
            pause();
        }
    }

    private void listen(Connection connection) throws SQLException {
        // An echo that is later than this proves nothing any more.
        connection.setNetworkTimeout(NONE, Math.toIntExact(trust.toMillis()));
        try (var statement = connection.createStatement()) {
            statement.execute("LISTEN " + KeyChange.CHANNEL);
            statement.execute("LISTEN " + echoes);
        }
        // What changed while nobody listened.
        cache.forgetAll();
        var notifications = connection.unwrap(PGConnection.class);
        try (var echo = connection.prepareStatement("SELECT pg_notify(?, '')")) {
            while (isListener()) {
                long sentAt = System.nanoTime();
                send(echo);
                awaitEcho(notifications, sentAt);
                receiveFor(notifications, echoPeriod.toNanos() - (System.nanoTime() - sentAt));
            }
        }
    }

    private void send(PreparedStatement echo) throws SQLException {
        echo.setString(1, echoes);
        echo.execute();
    }

    private void awaitEcho(PGConnection notifications, long sentAt) throws SQLException {
        while (!receive(notifications, trust.toNanos() - (System.nanoTime() - sentAt))) {
            if (System.nanoTime() - sentAt >= trust.toNanos()) {
                throw new SQLException("no echo within " + trust);
            }
        }
        provenAt = sentAt;
    }

    /** Every echo has come when this begins. */
    private void receiveFor(PGConnection notifications, long nanos) throws SQLException {
        long start = System.nanoTime();
        for (long left = nanos; left > 0; left = nanos - (System.nanoTime() - start)) {
            receive(notifications, left);
        }
    }

    /** Follows the changes that come within a time; whether an echo was among them. */
    private boolean receive(PGConnection notifications, long nanos) throws SQLException {
        // What came with the answer to a statement is there already; the call that waits would wait beyond it.
        PGNotification[] received = notifications.getNotifications();
        if (received == null || received.length == 0) {
            received = notifications.getNotifications(
                    Math.max(1, Math.toIntExact(Duration.ofNanos(nanos).toMillis())));
        }
        boolean echoed = false;
        for (PGNotification notification : received == null ? new PGNotification[0] : received) {
            if (notification.getName().equals(echoes)) {
                echoed = true;
            } else {
                cache.forget(KeyChange.parse(notification.getParameter()));
            }
        }
        return echoed;
    }

    private void pause() {
        try {
            Thread.sleep(RECONNECT_PAUSE);
        } catch (InterruptedException e) {
            // Only stop() interrupts.
            Thread.currentThread().interrupt();
        }
    }
}
