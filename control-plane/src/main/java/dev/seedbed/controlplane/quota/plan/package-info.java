/** Plans, named sets of limits, and how a change of limits comes into force. */
@NullMarked
package dev.seedbed.controlplane.quota.plan;

import org.jspecify.annotations.NullMarked;
