/**
 * The only place that knows KServe's and Triton's words: one stream per generation, the model repository, readiness. The rest
 * of the adapter speaks of decode requests and outputs; depends on {@code wire} only.
 */
@NullMarked
package dev.seedbed.adapter.triton;

import org.jspecify.annotations.NullMarked;
