/**
 * The request path: check, resolve, estimate, reserve, dispatch, relay, settle. Both surfaces, OpenAI-compatible HTTP and gRPC,
 * only parse and render around {@link dev.seedbed.controlplane.generation.Generations}.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {"database", "model", "pricing", "quota", "quota :: lease", "tenant", "usage", "wire"})
package dev.seedbed.controlplane.generation;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
