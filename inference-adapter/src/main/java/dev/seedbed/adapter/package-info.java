/**
 * The inference adapter: text in front, Triton behind. Holds no state that matters and never sees a tenant's key.
 */
@NullMarked
package dev.seedbed.adapter;

import org.jspecify.annotations.NullMarked;
