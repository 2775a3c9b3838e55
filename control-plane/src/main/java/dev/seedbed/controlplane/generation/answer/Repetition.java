package dev.seedbed.controlplane.generation.answer;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a request may relate to ones before it.
 *
 * @param key null: it stands for itself
 * @param retryCount which repetition it is by its client's own count, from 0; null: the client does not count. Means nothing beside a
 *     key
 * @param received when it came in: the {@code created} of its answer
 */
public record Repetition(
        @Nullable IdempotencyKey key, @Nullable Integer retryCount, Instant received) {}
