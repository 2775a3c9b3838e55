package dev.seedbed.controlplane.tenant.internal;

import com.zaxxer.hikari.HikariDataSource;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.testkit.TestingPostgres;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** The authentication of another replica, behind a wire of its own to the same database. */
final class Replica implements AutoCloseable {

    static final String PEPPER = "testing-pepper-of-32-characters!";

    final CuttableProxy wire;
    final AtomicInteger statements = new AtomicInteger();
    final ChangeChannel channel;

    private final HikariDataSource pool = new HikariDataSource();
    private final LastUse lastUse;
    private final CachedApiKeys keys;

    /** @param jdbcUrl of a PostgreSQL on this machine */
    Replica(String jdbcUrl, Duration grace) {
        URI server = URI.create(jdbcUrl.substring("jdbc:".length()));
        wire = new CuttableProxy(server.getPort());
        String url = "jdbc:postgresql://127.0.0.1:%d%s".formatted(wire.port(), server.getPath());
        pool.setJdbcUrl(url);
        pool.setUsername(TestingPostgres.USER);
        pool.setMaximumPoolSize(2);
        pool.setConnectionTimeout(500);
        var properties = new ApiKeyCacheProperties(100, Duration.ofMillis(50), Duration.ofMillis(500), grace);
        var cache = new KeyCache(properties);
        channel = new ChangeChannel(url, TestingPostgres.USER, "", properties, cache);
        lastUse = new LastUse(new JdbcTemplate(pool), Clock.systemUTC());
        var sql = new StoredKeySql(JdbcClient.create(new DelegatingDataSource(pool) {
            @Override
            public Connection getConnection() throws SQLException {
                statements.incrementAndGet();
                return super.getConnection();
            }
        }));
        keys = new CachedApiKeys(
                properties, channel, cache, new KeyReader(sql, cache, properties), new ApiKeyHmac(PEPPER), lastUse);
        channel.start();
    }

    Caller authenticate(String key) {
        return keys.authenticate("Bearer " + key);
    }

    @Override
    public void close() throws Exception {
        channel.stop();
        lastUse.destroy();
        pool.close();
        wire.close();
    }
}
