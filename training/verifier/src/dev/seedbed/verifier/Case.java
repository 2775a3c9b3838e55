package dev.seedbed.verifier;

import java.util.List;

/** Arguments and the expected value, both as plain JSON values. */
record Case(List<?> arguments, Object expected) {}
