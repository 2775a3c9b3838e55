package dev.seedbed.verifier;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;

/**
 * One method to judge. Written by the compiling thread and by one running thread at a time; the
 * verdict is volatile because a run that was given up may still try to write its own.
 */
final class Candidate {
  final String source;
  final Signature signature;
  final List<Case> cases;

  /** Null until compiled. */
  Method method;

  /** Bytecode by binary name, of this candidate's compilation unit only. */
  Map<String, byte[]> classes = Map.of();

  /** Binary name of the class that should declare {@code f}. */
  String className = "";

  private volatile Verdict verdict;

  Candidate(String source, Signature signature, List<Case> cases) {
    this.source = source;
    this.signature = signature;
    this.cases = cases;
  }

  Verdict verdict() {
    return verdict;
  }

  boolean isDecided() {
    return verdict != null;
  }

  /** The first verdict stands. */
  synchronized void decide(Verdict decision) {
    if (verdict == null) {
      verdict = decision;
    }
  }
}
