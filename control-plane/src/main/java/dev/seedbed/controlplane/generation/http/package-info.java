/** The OpenAI-compatible surface under {@code /v1}: parses requests, renders answers and errors, decides nothing. */
@NullMarked
package dev.seedbed.controlplane.generation.http;

import org.jspecify.annotations.NullMarked;
