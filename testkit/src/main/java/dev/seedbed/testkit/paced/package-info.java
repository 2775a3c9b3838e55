/**
 * Measuring devices of the gateway bench, each a process of its own: an adapter and an OpenAI server that answer at a given pace,
 * and a load generator that calls them directly or through a gateway. Nothing here stands in for a part of the stack in tests.
 */
@NullMarked
package dev.seedbed.testkit.paced;

import org.jspecify.annotations.NullMarked;
