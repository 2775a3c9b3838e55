package dev.seedbed.controlplane.database;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.ArgumentPreparedStatementSetter;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.PreparedStatementCallback;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterUtils;
import org.springframework.jdbc.core.namedparam.ParsedSql;
import org.springframework.util.ConcurrentLruCache;

/**
 * Statements that go to the database in one round trip, and run there in the order in which they were added. Each sees what those before
 * it have written, and in READ COMMITTED what others have committed until it begins. Nothing runs before {@link #send}: who reads what
 * statements of a pipeline write, sends it first. Used by one thread, within one transaction.
 *
 * <p>PostgreSQL's protocol takes any number of statements before it must answer; its driver sends in this way what is prepared as
 * one text with semicolons.
 */
public final class Pipeline {

    private static final int PARSED_AT_MOST = 256;
    private static final ConcurrentLruCache<String, ParsedSql> PARSED =
            new ConcurrentLruCache<>(PARSED_AT_MOST, NamedParameterUtils::parseSqlStatement);

    private final JdbcOperations jdbc;
    private final List<Added> added = new ArrayList<>();

    Pipeline(JdbcOperations jdbc) {
        this.jdbc = jdbc;
    }

    /** Takes the one result of its statement, which the JDBC statement is at. */
    @FunctionalInterface
    private interface Result {

        void take(PreparedStatement answers) throws SQLException;
    }

    private record Added(String sql, MapSqlParameterSource params, Result result) {

        String positional() {
            return NamedParameterUtils.substituteNamedParameters(PARSED.get(sql), params);
        }

        @Nullable
        Object[] values() {
            return NamedParameterUtils.buildValueArray(PARSED.get(sql), params, null);
        }
    }

    /** A statement with {@code :named} parameters, that is part of the pipeline once it is told what its result is. */
    public Statement sql(String sql) {
        return new Statement(sql);
    }

    public final class Statement {

        private final String sql;
        private final MapSqlParameterSource params = new MapSqlParameterSource();

        private Statement(String sql) {
            this.sql = sql;
        }

        public Statement param(String name, Object value) {
            params.addValue(name, value);
            return this;
        }

        public Statement params(Map<String, ?> values) {
            params.addValues(values);
            return this;
        }

        /** It changes rows, however many. */
        public void update() {
            update(rows -> {});
        }

        /** It changes rows. @param rows is told how many by {@link #send} */
        public void update(IntConsumer rows) {
            added.add(new Added(sql, params, answers -> rows.accept(answers.getUpdateCount())));
        }

        /** It reads. @param rows is given each by {@link #send} */
        public void query(RowCallbackHandler rows) {
            added.add(new Added(sql, params, answers -> {
                try (var found = answers.getResultSet()) {
                    while (found.next()) {
                        rows.processRow(found);
                    }
                }
            }));
        }
    }

    /**
     * Runs what was added since it was sent last. The first statement that fails ends it, and the transaction.
     *
     * @throws org.springframework.dao.DataAccessException as of that statement alone
     */
    public void send() {
        if (added.isEmpty()) {
            return;
        }
        var sent = List.copyOf(added);
        added.clear();
        var text = sent.stream().map(Added::positional).collect(Collectors.joining(";\n"));
        var values = sent.stream().flatMap(one -> Arrays.stream(one.values())).toArray();
        jdbc.execute(text, (PreparedStatementCallback<@Nullable Void>) statement -> {
            new ArgumentPreparedStatementSetter(values).setValues(statement);
            statement.execute();
            for (var one : sent) {
                one.result().take(statement);
                statement.getMoreResults();
            }
            return null;
        });
    }
}
