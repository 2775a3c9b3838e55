/** Models and their versions: register, load, make default. The engine's state is asked for through the inference adapter. */
@NullMarked
@ApplicationModule(allowedDependencies = {"admin", "audit", "wire"})
package dev.seedbed.controlplane.model;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
