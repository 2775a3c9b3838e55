/** SQL of the feature. */
@NullMarked
package dev.seedbed.controlplane.usage.internal;

import org.jspecify.annotations.NullMarked;
