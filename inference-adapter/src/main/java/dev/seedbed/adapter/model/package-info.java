/**
 * Model versions: their files in the repository, cached by stamp, and their state in the engine. Depends on {@code tokenizer},
 * {@code triton} and {@code wire}.
 */
@NullMarked
package dev.seedbed.adapter.model;

import org.jspecify.annotations.NullMarked;
