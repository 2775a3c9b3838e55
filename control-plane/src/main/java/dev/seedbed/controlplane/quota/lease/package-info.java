/** What replicas may spend ahead of the database, and how it gets there. Decisions, memory and SQL. */
@NullMarked
@NamedInterface("lease")
package dev.seedbed.controlplane.quota.lease;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
