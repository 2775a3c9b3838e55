/** Who changed what: an append-only log, written in the transaction of the change. */
@NullMarked
@ApplicationModule(allowedDependencies = {"admin", "wire"})
package dev.seedbed.controlplane.audit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
