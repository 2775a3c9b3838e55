package dev.seedbed.controlplane.tenant;

/** Which tenants there are, for features that keep something of them. */
public interface TenantDirectory {
    /**
     * Returns if the tenant exists, deleted or not.
     *
     * @throws dev.seedbed.controlplane.wire.SeedbedException NOT_FOUND
     */
    void require(TenantId tenantId);
}
