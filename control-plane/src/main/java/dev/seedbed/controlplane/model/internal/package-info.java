/** The catalogue in the database, the engine's versions behind the adapter, and the reconciler that makes the engine follow. */
@NullMarked
package dev.seedbed.controlplane.model.internal;

import org.jspecify.annotations.NullMarked;
