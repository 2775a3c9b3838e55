/** Bounds of requests: maximum context and output, modes, policies and ranges of knobs, kept for plans, tenants, projects and keys. */
@NullMarked
package dev.seedbed.controlplane.quota.bounds;

import org.jspecify.annotations.NullMarked;
