/** How entries are listed, and how a controller learns who asks. */
@NullMarked
package dev.seedbed.controlplane.audit.internal;

import org.jspecify.annotations.NullMarked;
