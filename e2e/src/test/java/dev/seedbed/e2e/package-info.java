/** The official Java clients against a running stack. */
package dev.seedbed.e2e;
