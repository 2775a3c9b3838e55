/** How several statements reach the database in one round trip. Depends on no other feature. */
@NullMarked
@ApplicationModule(allowedDependencies = {})
package dev.seedbed.controlplane.database;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
