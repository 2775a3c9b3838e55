/**
 * Answers each request once: requests with an idempotency key are generated at most once, whoever asks how often on which replica,
 * and retries of clients without a key are not charged twice. Stands between the surfaces and {@code Generations}.
 */
@NullMarked
package dev.seedbed.controlplane.generation.answer;

import org.jspecify.annotations.NullMarked;
