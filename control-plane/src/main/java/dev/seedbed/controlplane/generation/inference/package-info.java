/** The inference adapter as a port, and its implementation over gRPC. The only place here that knows {@code inference.v1}. */
@NullMarked
package dev.seedbed.controlplane.generation.inference;

import org.jspecify.annotations.NullMarked;
