/** How price lists are decided on, stored and administered. */
@NullMarked
package dev.seedbed.controlplane.pricing.internal;

import org.jspecify.annotations.NullMarked;
