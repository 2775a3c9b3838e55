/** Tests of the adapter as a process, over real gRPC, and what they run on. */
@NullMarked
package dev.seedbed.adapter;

import org.jspecify.annotations.NullMarked;
