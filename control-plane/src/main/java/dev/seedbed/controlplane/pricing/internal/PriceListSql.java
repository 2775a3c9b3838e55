package dev.seedbed.controlplane.pricing.internal;

import dev.seedbed.controlplane.pricing.PriceList;
import dev.seedbed.controlplane.pricing.Rates;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on price lists. */
@Repository
public class PriceListSql {

    private final JdbcClient jdbc;

    PriceListSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public Optional<PriceList> of(TenantId tenant) {
        return jdbc.sql("""
                SELECT list.currency, version.*
                FROM price_list AS list
                LEFT JOIN price_list_of_tenant AS own ON own.tenant_id = :tenant AND own.price_list_id = list.price_list_id
                JOIN price_list_version AS version ON version.price_list_id = list.price_list_id
                WHERE own.tenant_id IS NOT NULL OR list.is_default
                ORDER BY own.tenant_id IS NULL, version.version DESC
                LIMIT 1
                """)
                .param("tenant", tenant.value())
                .query((row, n) -> new PriceList(
                        row.getObject("price_list_id", UUID.class),
                        row.getInt("version"),
                        Unit.valueOf("MICRO_" + row.getString("currency")),
                        rates(row)))
                .optional();
    }

    private static Rates rates(ResultSet row) throws SQLException {
        return new Rates(
                row.getLong("per_million_input_tokens"),
                row.getLong("per_million_cached_input_tokens"),
                row.getLong("per_million_output_tokens"),
                row.getLong("per_million_positions"),
                row.getLong("per_request"));
    }

    /** @return whether the name was free */
    boolean insert(UUID id, String name, Currency currency) {
        return jdbc.sql("""
                INSERT INTO price_list (price_list_id, name, currency) VALUES (:id, :name, :currency) ON CONFLICT DO NOTHING
                """)
                        .param("id", id)
                        .param("name", name)
                        .param("currency", currency.name())
                        .update()
                == 1;
    }

    /** Locks the list and adds a version with the next number. */
    void publish(UUID id, Rates rates) {
        jdbc.sql("SELECT name FROM price_list WHERE price_list_id = :id FOR UPDATE")
                .param("id", id)
                .query(String.class)
                .single();
        jdbc.sql("""
                INSERT INTO price_list_version
                SELECT :id, coalesce(max(version), 0) + 1, :input, :cached, :output, :positions, :request
                FROM price_list_version WHERE price_list_id = :id
                """)
                .param("id", id)
                .param("input", rates.inputTokens())
                .param("cached", rates.cachedInputTokens())
                .param("output", rates.outputTokens())
                .param("positions", rates.positions())
                .param("request", rates.request())
                .update();
    }

    void makeDefault(UUID id) {
        jdbc.sql("UPDATE price_list SET is_default = false WHERE is_default AND price_list_id <> :id")
                .param("id", id)
                .update();
        jdbc.sql("UPDATE price_list SET is_default = true WHERE price_list_id = :id")
                .param("id", id)
                .update();
    }

    void assign(TenantId tenant, UUID id) {
        jdbc.sql("""
                INSERT INTO price_list_of_tenant VALUES (:tenant, :id)
                ON CONFLICT (tenant_id) DO UPDATE SET price_list_id = excluded.price_list_id
                """).param("tenant", tenant.value()).param("id", id).update();
    }

    void unassign(TenantId tenant) {
        jdbc.sql("DELETE FROM price_list_of_tenant WHERE tenant_id = :tenant")
                .param("tenant", tenant.value())
                .update();
    }

    Optional<String> assigned(TenantId tenant) {
        return jdbc.sql("""
                SELECT name FROM price_list_of_tenant JOIN price_list USING (price_list_id) WHERE tenant_id = :tenant
                """).param("tenant", tenant.value()).query(String.class).optional();
    }

    Optional<PriceListFacts> find(String name) {
        return facts(name).stream().findFirst();
    }

    /** By name, each with its newest version, if it has one. */
    List<PriceListFacts> list() {
        return facts(null);
    }

    /**
     * The newest first.
     *
     * @param below only versions with smaller numbers
     */
    List<PriceListVersion> versions(UUID id, long below, int atMost) {
        return jdbc.sql("""
                SELECT name, currency, version.*, version.create_time AS publish_time
                FROM price_list JOIN price_list_version AS version USING (price_list_id)
                WHERE price_list_id = :id AND version < :below
                ORDER BY version DESC
                LIMIT :at_most
                """)
                .param("id", id)
                .param("below", below)
                .param("at_most", atMost)
                .query((row, n) -> new PriceListVersion(
                        row.getString("name"),
                        Currency.valueOf(row.getString("currency")),
                        row.getInt("version"),
                        row.getObject("publish_time", OffsetDateTime.class).toInstant(),
                        RatesView.of(rates(row))))
                .list();
    }

    /** @param name null: all */
    private List<PriceListFacts> facts(@Nullable String name) {
        return jdbc.sql("""
                SELECT DISTINCT ON (name) list.price_list_id AS id, name, currency, is_default, version.*,
                       version.create_time AS publish_time
                FROM price_list AS list LEFT JOIN price_list_version AS version USING (price_list_id)
                WHERE :name::text IS NULL OR name = :name
                ORDER BY name, version DESC
                """)
                .param("name", name)
                .query((row, n) -> new PriceListFacts(
                        row.getObject("id", UUID.class),
                        row.getString("name"),
                        Currency.valueOf(row.getString("currency")),
                        row.getBoolean("is_default"),
                        row.getInt("version"),
                        row.getObject("publish_time") == null
                                ? null
                                : row.getObject("publish_time", OffsetDateTime.class)
                                        .toInstant(),
                        RatesView.of(rates(row))))
                .list();
    }
}
