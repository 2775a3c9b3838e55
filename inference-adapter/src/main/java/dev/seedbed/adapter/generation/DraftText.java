package dev.seedbed.adapter.generation;

/**
 * The whole current draft after the committed text.
 *
 * @param positions of the block
 * @param decidedPositions how many of them hold a token
 */
record DraftText(String text, int positions, int decidedPositions) {}
