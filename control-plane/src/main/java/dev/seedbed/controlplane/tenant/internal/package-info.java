/** How tenants and keys are decided on, stored and administered. */
@NullMarked
package dev.seedbed.controlplane.tenant.internal;

import org.jspecify.annotations.NullMarked;
