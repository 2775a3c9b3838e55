/**
 * Where admitted generations wait for a place at the engine: a bound on what one replica has in flight, and a bounded waiting room
 * before it. Who is next and who must leave is decided in {@link dev.seedbed.controlplane.generation.queue.WaitingRoom}, which
 * knows neither threads nor clocks.
 */
@NullMarked
package dev.seedbed.controlplane.generation.queue;

import org.jspecify.annotations.NullMarked;
