package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.time.Instant;
import java.util.UUID;

/**
 * What a command makes of a tenant. Pure: nothing is read or written.
 *
 * @param action for the audit log
 * @param after equal to the state before if the command changes nothing
 */
record TenantDecision(String action, Tenant after) {

    static TenantDecision create(UUID tenantId, String name, Instant now) {
        return new TenantDecision("tenant.create", new Tenant(tenantId, name, TenantState.ACTIVE, now, now));
    }

    static TenantDecision decide(Tenant before, TenantCommand command, Instant now) {
        if (before.state() == TenantState.DELETED && !(command instanceof TenantCommand.Delete)) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "tenant is deleted: " + before.tenantId());
        }
        return switch (command) {
            case TenantCommand.Rename rename ->
                changed("tenant.rename", before, DisplayName.check("name", rename.name()), before.state(), now);
            case TenantCommand.Suspend suspend ->
                changed("tenant.suspend", before, before.name(), TenantState.SUSPENDED, now);
            case TenantCommand.Activate activate ->
                changed("tenant.activate", before, before.name(), TenantState.ACTIVE, now);
            case TenantCommand.Delete delete ->
                changed("tenant.delete", before, before.name(), TenantState.DELETED, now);
        };
    }

    private static TenantDecision changed(String action, Tenant before, String name, TenantState state, Instant now) {
        boolean same = before.name().equals(name) && before.state() == state;
        return new TenantDecision(
                action, same ? before : new Tenant(before.tenantId(), name, state, before.createTime(), now));
    }
}
