/**
 * What every surface shares: the one error model and how it is rendered as an OpenAI body, as a problem detail and as a gRPC
 * status. Depends on no other feature.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {})
package dev.seedbed.controlplane.wire;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
