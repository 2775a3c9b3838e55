package dev.seedbed.controlplane.usage.internal;

import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.Account;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Sums of the ledger. */
@Repository
class TenantUsageSql {

    private final JdbcClient jdbc;

    TenantUsageSql(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * What was posted to a tenant and not taken back, in units; units without a posting are absent.
     *
     * @param from first moment that counts, null: since ever
     * @param until first moment that does not count any more, null: until now
     */
    Map<Unit, Long> posted(TenantId tenant, @Nullable Instant from, @Nullable Instant until) {
        Map<Unit, Long> sums = new EnumMap<>(Unit.class);
        jdbc.sql("""
                        SELECT unit, sum(CASE WHEN debit_account = :account THEN amount ELSE -amount END) AS amount
                          FROM usage_ledger_entry
                         WHERE (debit_account = :account OR credit_account = :account)
                           AND create_time >= coalesce(:from::timestamptz, '-infinity')
                           AND create_time < coalesce(:until::timestamptz, 'infinity')
                         GROUP BY unit
                        """)
                .param("account", Account.of(tenant).name())
                .param("from", utc(from))
                .param("until", utc(until))
                .query(row -> {
                    sums.put(Unit.valueOf(row.getString("unit")), row.getLong("amount"));
                });
        return sums;
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }
}
