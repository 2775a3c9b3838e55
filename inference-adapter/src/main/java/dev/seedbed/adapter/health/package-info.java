/**
 * Whether the adapter can serve, for {@code grpc.health.v1} and the management port. Depends on {@code triton} only.
 */
@NullMarked
package dev.seedbed.adapter.health;

import org.jspecify.annotations.NullMarked;
