/** The application's root: starts it. Every feature is a package below this one and names the features it may use. */
@NullMarked
package dev.seedbed.controlplane;

import org.jspecify.annotations.NullMarked;
