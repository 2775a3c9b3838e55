/** How the admin surface checks tokens, bounds bodies and renders errors. */
@NullMarked
package dev.seedbed.controlplane.admin.internal;

import org.jspecify.annotations.NullMarked;
