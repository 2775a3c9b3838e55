/**
 * Text to token ids and back: chat template, encoding without special tokens from users, incremental decoding. Depends on
 * {@code wire} only.
 */
@NullMarked
package dev.seedbed.adapter.tokenizer;

import org.jspecify.annotations.NullMarked;
