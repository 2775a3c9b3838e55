package dev.seedbed.controlplane.audit;

import org.hibernate.id.uuid.UuidVersion7Strategy;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** The append-only log of administrative changes. */
@Component
public class AuditLog {

    private final JdbcClient jdbc;
    private final JsonMapper json;

    AuditLog(JdbcClient jdbc, JsonMapper json) {
        this.jdbc = jdbc;
        this.json = json;
    }

    /**
     * Appends one entry to the caller's transaction: both are committed or neither is.
     *
     * @param action feature and verb, for example {@code tenant.suspend}
     * @param resource path below {@code /admin/v1}
     * @param before what the admin API showed before the change, null if nothing; never holds a secret
     * @param after what it shows now, null if nothing
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void append(
            Operator operator, String action, String resource, @Nullable Object before, @Nullable Object after) {
        jdbc.sql("""
                        INSERT INTO audit_entry (audit_entry_id, actor, action, resource, before, after, request_id)
                        VALUES (:id, :actor, :action, :resource, :before::jsonb, :after::jsonb, :requestId)
                        """)
                .param("id", UuidVersion7Strategy.INSTANCE.generateUuid(null))
                .param("actor", operator.actor())
                .param("action", action)
                .param("resource", resource)
                .param("before", text(before))
                .param("after", text(after))
                .param("requestId", operator.requestId().value())
                .update();
    }

    private @Nullable String text(@Nullable Object resource) {
        return resource == null ? null : json.writeValueAsString(resource);
    }
}
