/**
 * Random histories of several replicas on one database: what happens to reservations, over the pure decisions in memory and over
 * the real statements.
 */
@NullMarked
package dev.seedbed.controlplane.quota.history;

import org.jspecify.annotations.NullMarked;
