/** Decisions and SQL of the feature. */
@NullMarked
package dev.seedbed.controlplane.quota.internal;

import org.jspecify.annotations.NullMarked;
