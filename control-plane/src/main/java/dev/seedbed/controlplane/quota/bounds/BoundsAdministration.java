package dev.seedbed.controlplane.quota.bounds;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Bounds;
import dev.seedbed.controlplane.quota.internal.LimitSql;
import dev.seedbed.controlplane.quota.internal.Owned;
import dev.seedbed.controlplane.quota.internal.Ownership;
import java.util.List;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What operators do with bounds of tenants, projects and keys. */
@Service
class BoundsAdministration {

    private final BoundsSql sql;
    private final LimitSql subjects;
    private final Ownership ownership;
    private final AuditLog audit;

    BoundsAdministration(BoundsSql sql, LimitSql subjects, Ownership ownership, AuditLog audit) {
        this.sql = sql;
        this.subjects = subjects;
        this.ownership = ownership;
        this.audit = audit;
    }

    @Transactional(readOnly = true)
    public BoundsSql.OfSubject get(Owned owned) {
        ownership.require(owned);
        return sql.of(owned.subject());
    }

    /** @param own instead of all that the subject had of its own */
    @Transactional
    public BoundsSql.OfSubject set(Owned owned, Bounds own, Operator operator) {
        ownership.require(owned);
        subjects.create(owned.subject(), owned.tenantId());
        subjects.lock(List.of(owned.subject()));
        var before = sql.of(owned.subject());
        if (before.own().equals(own)) {
            return before;
        }
        sql.set(owned.subject(), own);
        audit.append(
                operator, "bounds.set", owned.path() + "/bounds", BoundsJson.view(before.own()), BoundsJson.view(own));
        return sql.of(owned.subject());
    }
}
