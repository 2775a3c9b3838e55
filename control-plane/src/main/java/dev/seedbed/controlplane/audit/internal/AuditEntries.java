package dev.seedbed.controlplane.audit.internal;

import dev.seedbed.controlplane.admin.PageQuery;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads the audit log. */
@Component
class AuditEntries {

    private final JdbcClient jdbc;

    AuditEntries(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Entries, newest first.
     *
     * @param resource path of a resource: its entries and those of what is below it; null: all
     */
    PageQuery.Page<AuditEntry> list(@Nullable String resource, PageQuery query) {
        List<AuditEntry> rows = jdbc.sql("""
                        SELECT audit_entry_id, create_time, actor, action, resource, before, after, request_id
                          FROM audit_entry
                         WHERE (:after::uuid IS NULL OR audit_entry_id < :after::uuid)
                           AND (:resource::text IS NULL OR resource = :resource::text
                                OR starts_with(resource, :resource::text || '/'))
                         ORDER BY audit_entry_id DESC
                         LIMIT :limit
                        """)
                .param("after", query.afterId())
                .param("resource", resource)
                .param("limit", query.rowsToRead())
                .query((row, n) -> new AuditEntry(
                        row.getObject("audit_entry_id", UUID.class),
                        row.getObject("create_time", OffsetDateTime.class).toInstant(),
                        row.getString("actor"),
                        row.getString("action"),
                        row.getString("resource"),
                        row.getString("before"),
                        row.getString("after"),
                        row.getObject("request_id", UUID.class)))
                .list();
        return query.page(rows, entry -> entry.auditEntryId().toString());
    }
}
