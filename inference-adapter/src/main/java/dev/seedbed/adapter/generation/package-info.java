/**
 * One call of {@code inference.v1} for each stream of the engine: validation, relay with back-pressure, stop texts. The top of
 * the adapter; no other package depends on it.
 */
@NullMarked
package dev.seedbed.adapter.generation;

import org.jspecify.annotations.NullMarked;
