package dev.seedbed.adapter.tokenizer;

/** @param role {@code system}, {@code user} or {@code assistant} */
public record ChatTurn(String role, String content) {}
