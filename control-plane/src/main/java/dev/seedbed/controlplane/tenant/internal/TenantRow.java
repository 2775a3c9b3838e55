package dev.seedbed.controlplane.tenant.internal;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

@Entity
@Table(name = "tenant")
class TenantRow {

    @Id
    private UUID tenantId;

    private String name;

    @Enumerated(EnumType.STRING)
    private TenantState state;

    private int weight;
    private int priority;
    private int answerRetentionHours;
    private Instant createTime;
    private Instant updateTime;

    @Version
    private @Nullable Long revision;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected TenantRow() {}

    TenantRow(Tenant tenant) {
        this.tenantId = tenant.tenantId();
        this.createTime = tenant.createTime();
        this.name = tenant.name();
        this.state = tenant.state();
        this.weight = tenant.settings().weight();
        this.priority = tenant.settings().priority();
        this.answerRetentionHours = tenant.settings().answerRetentionHours();
        this.updateTime = tenant.updateTime();
    }

    Tenant tenant() {
        var settings = new TenantSettings(weight, priority, answerRetentionHours);
        return new Tenant(tenantId, name, state, settings, createTime, updateTime);
    }

    void apply(Tenant after) {
        name = after.name();
        state = after.state();
        weight = after.settings().weight();
        priority = after.settings().priority();
        answerRetentionHours = after.settings().answerRetentionHours();
        updateTime = after.updateTime();
    }
}
