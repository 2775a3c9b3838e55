package dev.seedbed.controlplane.tenant.internal;

import dev.seedbed.controlplane.tenant.Caller;
import java.util.UUID;

/**
 * Something that a remembered key may depend on has changed; {@code key/<public_id>}, {@code project/<uuid>} or
 * {@code tenant/<uuid>} in the channel {@link #CHANNEL}, sent by triggers with the commit of the change.
 */
record KeyChange(Kind kind, String id) {

    static final String CHANNEL = "tenant_change";

    enum Kind {
        KEY,
        PROJECT,
        TENANT,
        /** Told by a control plane of a later version: whatever it means. */
        ANYTHING
    }

    static KeyChange key(String publicId) {
        return new KeyChange(Kind.KEY, publicId);
    }

    static KeyChange project(UUID projectId) {
        return new KeyChange(Kind.PROJECT, projectId.toString());
    }

    static KeyChange tenant(UUID tenantId) {
        return new KeyChange(Kind.TENANT, tenantId.toString());
    }

    static KeyChange parse(String payload) {
        int slash = payload.indexOf('/');
        String id = payload.substring(slash + 1);
        return switch (payload.substring(0, Math.max(slash, 0))) {
            case "key" -> new KeyChange(Kind.KEY, id);
            case "project" -> new KeyChange(Kind.PROJECT, id);
            case "tenant" -> new KeyChange(Kind.TENANT, id);
            default -> new KeyChange(Kind.ANYTHING, payload);
        };
    }

    boolean concerns(Caller caller) {
        return switch (kind) {
            case KEY -> caller.apiKeyId().value().equals(id);
            case PROJECT -> caller.projectId().toString().equals(id);
            case TENANT -> caller.tenantId().toString().equals(id);
            case ANYTHING -> true;
        };
    }
}
