package dev.seedbed.verifier;

import java.util.Locale;

/** What became of one candidate; {@code detail} is empty for a pass. */
record Verdict(Kind kind, String detail) {
  private static final int MAX_DETAIL = 300;

  enum Kind {
    PASS,
    WRONG,
    DOES_NOT_COMPILE,
    TIMEOUT,
    EXCEPTION;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static final Verdict PASS = new Verdict(Kind.PASS, "");

  Verdict {
    if (detail.length() > MAX_DETAIL) {
      detail = detail.substring(0, MAX_DETAIL);
    }
  }
}
