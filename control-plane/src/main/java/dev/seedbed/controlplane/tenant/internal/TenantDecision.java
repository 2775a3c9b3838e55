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
        return new TenantDecision(
                "tenant.create", new Tenant(tenantId, name, TenantState.ACTIVE, TenantSettings.DEFAULT, now, now));
    }

    static TenantDecision decide(Tenant before, TenantCommand command, Instant now) {
        if (before.state() == TenantState.DELETED && !(command instanceof TenantCommand.Delete)) {
            throw new SeedbedException(ErrorCode.FAILED_PRECONDITION, "tenant is deleted: " + before.tenantId());
        }
        return switch (command) {
            case TenantCommand.Update update -> update(before, update, now);
            case TenantCommand.Suspend suspend -> moved("tenant.suspend", before, TenantState.SUSPENDED, now);
            case TenantCommand.Activate activate -> moved("tenant.activate", before, TenantState.ACTIVE, now);
            case TenantCommand.Delete delete -> moved("tenant.delete", before, TenantState.DELETED, now);
        };
    }

    private static TenantDecision update(Tenant before, TenantCommand.Update update, Instant now) {
        if (update.equals(new TenantCommand.Update(null, null, null, null))) {
            throw new SeedbedException(
                    ErrorCode.INVALID_REQUEST,
                    "nothing to change (expected: at least one of name, weight, priority, answer_retention_hours)");
        }
        String name = update.name() == null ? before.name() : DisplayName.check("name", update.name());
        TenantSettings settings =
                before.settings().with(update.weight(), update.priority(), update.answerRetentionHours());
        return changed("tenant.update", before, name, before.state(), settings, now);
    }

    private static TenantDecision moved(String action, Tenant before, TenantState state, Instant now) {
        return changed(action, before, before.name(), state, before.settings(), now);
    }

    private static TenantDecision changed(
            String action, Tenant before, String name, TenantState state, TenantSettings settings, Instant now) {
        var after = new Tenant(before.tenantId(), name, state, settings, before.createTime(), before.updateTime());
        return new TenantDecision(
                action,
                after.equals(before)
                        ? before
                        : new Tenant(before.tenantId(), name, state, settings, before.createTime(), now));
    }
}
