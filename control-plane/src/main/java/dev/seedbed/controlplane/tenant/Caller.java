package dev.seedbed.controlplane.tenant;

/** Who calls: the outcome of authentication. */
public record Caller(TenantId tenantId, ApiKeyId apiKeyId) {}
