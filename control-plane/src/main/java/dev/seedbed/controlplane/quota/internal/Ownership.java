package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import dev.seedbed.controlplane.tenant.ProjectId;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Whether what a path of the admin API names is there. */
@Component
public class Ownership {

    private final TenantDirectory tenants;

    Ownership(TenantDirectory tenants) {
        this.tenants = tenants;
    }

    /** @throws SeedbedException NOT_FOUND: the tenant, or what should be its own */
    public void require(Owned owned) {
        tenants.require(owned.tenantId());
        var there = switch (owned.subject().kind()) {
            case TENANT -> true;
            case PROJECT ->
                tenants.ownsProject(
                        owned.tenantId(),
                        new ProjectId(UUID.fromString(owned.subject().id())));
            case KEY ->
                tenants.ownsKey(owned.tenantId(), new ApiKeyId(owned.subject().id()));
        };
        if (!there) {
            throw new SeedbedException(ErrorCode.NOT_FOUND, "not found: " + owned.path());
        }
    }
}
