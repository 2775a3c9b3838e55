package dev.seedbed.verifier;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;

/**
 * Runs compiled candidates one after another on a worker thread. When one exceeds its time, the
 * worker is left behind (a Java thread cannot be killed) and a new one goes on with the next. Time
 * is the worker's own processor time, so that a busy machine fails nobody; one that sleeps or waits
 * is given up after {@link #WALL_FACTOR} times as long on the clock.
 */
final class CaseRunner {
  private static final long POLL_MILLIS = 5;
  private static final long WALL_FACTOR = 5;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long STACK_BYTES = 512 * 1024;

  private int stuckThreads;

  /** Workers that were left behind and are still running. */
  int stuckThreads() {
    return stuckThreads;
  }

  /**
   * Decides the candidates that are not decided yet. Stops once {@code maxStuck} workers were left
   * behind: they take the processor from the rest, which a fresh JVM should judge.
   */
  void run(List<Candidate> candidates, long timeoutMillis, int maxStuck) {
    int next = 0;
    while (next < candidates.size() && stuckThreads < maxStuck) {
      Worker worker = new Worker(candidates, next);
      Thread thread = new Thread(null, worker, "candidates-" + next, STACK_BYTES);
      thread.setDaemon(true);
      thread.start();
      next = watch(worker, thread, candidates, timeoutMillis);
    }
  }

  /** Returns the index to go on from: the end, or the one after a candidate that hangs. */
  private int watch(Worker worker, Thread thread, List<Candidate> candidates, long timeoutMillis) {
    int seen = -1;
    long wallSince = 0;
    long cpuSince = 0;
    while (true) {
      try {
        thread.join(POLL_MILLIS);
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted while waiting for candidates", e);
      }
      int current = worker.current;
      if (!thread.isAlive()) {
        // A worker that died of something it could not catch has not decided its candidate.
        if (current < candidates.size()) {
          candidates.get(current).decide(new Verdict(Verdict.Kind.EXCEPTION, "thread died"));
        }
        return current + 1;
      }
      long wall = System.nanoTime();
      long cpu = THREADS.getThreadCpuTime(thread.threadId());
      if (current != seen) {
        seen = current;
        wallSince = wall;
        cpuSince = cpu;
        continue;
      }
      long limit = timeoutMillis * 1_000_000;
      boolean over = cpu - cpuSince > limit || wall - wallSince > WALL_FACTOR * limit;
      if (over && current < candidates.size()) {
        candidates
            .get(current)
            .decide(
                new Verdict(Verdict.Kind.TIMEOUT, "still running after " + timeoutMillis + " ms"));
        worker.abandoned = true;
        thread.interrupt();
        stuckThreads++;
        return current + 1;
      }
    }
  }

  private static final class Worker implements Runnable {
    private final List<Candidate> candidates;
    private volatile int current;
    private volatile boolean abandoned;

    Worker(List<Candidate> candidates, int first) {
      this.candidates = candidates;
      this.current = first;
    }

    @Override
    public void run() {
      while (current < candidates.size() && !abandoned) {
        Candidate candidate = candidates.get(current);
        if (!candidate.isDecided()) {
          Verdict verdict = judge(candidate);
          if (abandoned) {
            return;
          }
          candidate.decide(verdict);
        }
        current++;
      }
    }

    private static Verdict judge(Candidate candidate) {
      Method method;
      try {
        method = load(candidate);
      } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
        return new Verdict(Verdict.Kind.DOES_NOT_COMPILE, "no such method f: " + e);
      }
      for (int i = 0; i < candidate.cases.size(); i++) {
        Case example = candidate.cases.get(i);
        Object actual;
        try {
          Object value = method.invoke(null, candidate.signature.arguments(example.arguments()));
          actual = Signature.toJson(value);
        } catch (InvocationTargetException e) {
          return new Verdict(
              Verdict.Kind.EXCEPTION, "case " + i + ": " + e.getTargetException().toString());
        } catch (IllegalAccessException | RuntimeException | StackOverflowError e) {
          return new Verdict(Verdict.Kind.EXCEPTION, "case " + i + ": " + e);
        }
        if (!actual.equals(example.expected())) {
          return new Verdict(
              Verdict.Kind.WRONG,
              "case "
                  + i
                  + ": f"
                  + example.arguments()
                  + " returned "
                  + actual
                  + " (expected: "
                  + example.expected()
                  + ")");
        }
      }
      return Verdict.PASS;
    }

    private static Method load(Candidate candidate) throws ReflectiveOperationException {
      Map<String, byte[]> classes = candidate.classes;
      Class<?> type = Class.forName(candidate.className, true, new MemoryLoader(classes));
      Method method = type.getDeclaredMethod("f", candidate.signature.parameterClasses());
      method.setAccessible(true);
      return method;
    }
  }

  /** Defines one candidate's classes, so that they can be unloaded with it. */
  private static final class MemoryLoader extends ClassLoader {
    private final Map<String, byte[]> classes;

    MemoryLoader(Map<String, byte[]> classes) {
      super(ClassLoader.getPlatformClassLoader());
      this.classes = classes;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] code = classes.get(name);
      if (code == null) {
        throw new ClassNotFoundException(name);
      }
      return defineClass(name, code, 0, code.length);
    }
  }
}
