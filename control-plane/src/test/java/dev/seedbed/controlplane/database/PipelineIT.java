package dev.seedbed.controlplane.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.testkit.TestingPostgres;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class PipelineIT {

    RoundTrips roundTrips;
    SingleConnectionDataSource connection;
    JdbcTemplate jdbc;
    TransactionTemplate transaction;
    Pipelines pipelines;

    @BeforeEach
    void connect() throws Exception {
        var url = TestingPostgres.createDatabase();
        var server = URI.create(url.substring("jdbc:".length()));
        roundTrips = new RoundTrips(server.getPort());
        connection = new SingleConnectionDataSource(
                "jdbc:postgresql://localhost:" + roundTrips.port() + server.getPath() + "?sslmode=disable",
                TestingPostgres.USER,
                "",
                true);
        jdbc = new JdbcTemplate(connection);
        transaction = new TransactionTemplate(new JdbcTransactionManager(connection));
        pipelines = new Pipelines(jdbc);
        jdbc.execute("CREATE TABLE account (name text PRIMARY KEY, amount bigint NOT NULL)");
    }

    @AfterEach
    void disconnect() throws Exception {
        connection.destroy();
        roundTrips.close();
    }

    private void send(Consumer<Pipeline> statements) {
        transaction.executeWithoutResult(status -> pipelines.sendNow(statements));
    }

    private static void open(Pipeline pipeline, String name, long amount) {
        pipeline.sql("INSERT INTO account VALUES (:name, :amount)")
                .params(Map.of("name", name, "amount", amount))
                .update();
    }

    private List<String> accounts() {
        return JdbcClient.create(jdbc)
                .sql("SELECT name || ' ' || amount AS text FROM account ORDER BY name")
                .query((row, n) -> row.getString("text"))
                .list();
    }

    @Test
    void showsEachStatementWhatThoseBeforeItHaveWritten() {
        var read = new ArrayList<Long>();
        send(pipeline -> {
            open(pipeline, "a", 1);
            pipeline.sql("UPDATE account SET amount = amount + :more WHERE name = :name")
                    .param("more", 2)
                    .param("name", "a")
                    .update();
            pipeline.sql("SELECT amount FROM account").query(row -> read.add(row.getLong("amount")));
            pipeline.sql("DELETE FROM account WHERE name = ANY (:names)")
                    .param("names", new String[] {"a"})
                    .update();
        });

        assertThat(read).containsExactly(3L);
        assertThat(accounts()).isEmpty();
    }

    @Test
    void tellsHowManyRowsEachStatementHasChanged() {
        var changed = new AtomicInteger();
        send(pipeline -> {
            open(pipeline, "a", 1);
            open(pipeline, "b; SELECT '?'", 1);
            pipeline.sql("UPDATE account SET amount = 0 WHERE name > :name")
                    .param("name", "a")
                    .update(changed::set);
            pipeline.sql("SELECT FROM account").query(row -> changed.addAndGet(10));
        });

        assertThat(changed).hasValue(21);
    }

    @Test
    void costsOneRoundTripBesideTheCommit() {
        var before = roundTrips.count();
        send(pipeline -> {
            for (var name : List.of("a", "b", "c", "d", "e")) {
                open(pipeline, name, 1);
                pipeline.sql("SELECT FROM account").query(row -> {});
            }
        });

        assertThat(roundTrips.count() - before).isEqualTo(2);
    }

    @Test
    void costsAsMuchOnceTheStatementsArePreparedInTheServer() {
        for (var i = 0; i < 20; i++) {
            var name = "account " + i;
            var before = roundTrips.count();
            send(pipeline -> {
                open(pipeline, name, 1);
                open(pipeline, name + ", too", 1);
            });

            assertThat(roundTrips.count() - before).as("the %dth time", i).isLessThanOrEqualTo(2);
        }
        assertThat(accounts()).hasSize(40);
    }

    @Test
    void changesNothingWhenOneStatementFails() {
        var later = new AtomicInteger();

        assertThatThrownBy(() -> send(pipeline -> {
                    open(pipeline, "a", 1);
                    open(pipeline, "a", 2);
                    pipeline.sql("SELECT FROM account").query(row -> later.incrementAndGet());
                }))
                .isInstanceOf(DuplicateKeyException.class);
        assertThat(accounts()).isEmpty();
        assertThat(later).hasValue(0);
    }

    @Test
    void changesNothingWhenAResultIsNotTheExpectedOne() {
        assertThatThrownBy(() -> send(pipeline -> {
                    open(pipeline, "a", 1);
                    pipeline.sql("UPDATE account SET amount = 2").update(rows -> {
                        throw new IllegalStateException(rows + " rows");
                    });
                }))
                .hasMessage("1 rows");
        assertThat(accounts()).isEmpty();
    }

    @Test
    void sendsNothingTwice() {
        transaction.executeWithoutResult(status -> {
            var pipeline = pipelines.begin();
            pipeline.send();
            open(pipeline, "a", 1);
            pipeline.send();
            pipeline.send();
            open(pipeline, "b", 2);
            pipeline.send();
        });

        assertThat(accounts()).containsExactly("a 1", "b 2");
    }

    @Test
    void takesManyStatements() {
        send(pipeline -> {
            for (var i = 0; i < 1_000; i++) {
                open(pipeline, "account " + i, i);
            }
        });

        assertThat(accounts()).hasSize(1_000);
    }
}
