package dev.seedbed.controlplane.tenant;

import java.util.UUID;

/** Identity of a project of a tenant; its text form is the UUID's. */
public record ProjectId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
