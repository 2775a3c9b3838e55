/** What work costs: price lists in immutable versions, one of which is pinned to a request at its admission. */
@NullMarked
@ApplicationModule(allowedDependencies = {"admin", "audit", "quota", "tenant", "wire"})
package dev.seedbed.controlplane.pricing;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
