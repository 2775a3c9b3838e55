/** The public gRPC surface: parses requests, renders events and errors, decides nothing. */
@NullMarked
package dev.seedbed.controlplane.generation.grpc;

import org.jspecify.annotations.NullMarked;
