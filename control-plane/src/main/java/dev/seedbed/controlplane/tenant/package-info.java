/** Tenants and their API keys: who calls. Administered under {@code /admin/v1}. */
@NullMarked
@ApplicationModule(allowedDependencies = {"admin", "audit", "wire"})
package dev.seedbed.controlplane.tenant;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
