/**
 * The one error model of the adapter and how it is rendered as a gRPC status. Depends on no other package of the adapter.
 */
@NullMarked
package dev.seedbed.adapter.wire;

import org.jspecify.annotations.NullMarked;
