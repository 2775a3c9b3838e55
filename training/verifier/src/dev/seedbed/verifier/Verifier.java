package dev.seedbed.verifier;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one JSON request a line from standard input and answers one JSON line each.
 *
 * <p>Request: {@code {"timeout_ms": 1000, "max_stuck": 4, "tasks": [{"types": ["int[]"], "returns":
 * "int", "cases": [[[args...], expected], ...], "methods": ["static int f(int[] xs) {...}",
 * ...]}]}}. Answer: {@code {"verdicts": [[kind, detail], ...], "stuck_threads": 0}}, one verdict
 * per method, in order of tasks and methods. A method is "undecided" once {@code max_stuck}
 * others hang: the client then starts a fresh JVM for it. A malformed request is answered with
 * {@code {"error": "..."}}.
 */
public final class Verifier {
  private Verifier() {}

  /** Serves until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    // Candidates may print; nothing of theirs may reach the protocol.
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));
    System.setErr(new PrintStream(OutputStream.nullOutputStream()));
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
    // Candidates that read standard input get its end, not our requests.
    System.setIn(java.io.InputStream.nullInputStream());
    MethodCompiler compiler = new MethodCompiler();
    CaseRunner runner = new CaseRunner();
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      String answer;
      try {
        answer = answer(line, compiler, runner);
      } catch (RuntimeException | Error failure) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("error", failure.toString());
        answer = Json.write(error);
      }
      answers.println(answer);
    }
    // Stuck candidates are daemon threads, but a candidate may have started others.
    Runtime.getRuntime().halt(0);
  }

  private static String answer(String line, MethodCompiler compiler, CaseRunner runner) {
    Map<?, ?> request = (Map<?, ?>) Json.parse(line);
    long timeoutMillis = ((Number) request.get("timeout_ms")).longValue();
    int maxStuck = ((Number) request.get("max_stuck")).intValue();
    List<Candidate> candidates = new ArrayList<>();
    for (Object entry : (List<?>) request.get("tasks")) {
      Map<?, ?> task = (Map<?, ?>) entry;
      Signature signature = Signature.of((List<?>) task.get("types"), (String) task.get("returns"));
      List<Case> cases = new ArrayList<>();
      for (Object pair : (List<?>) task.get("cases")) {
        List<?> argumentsAndExpected = (List<?>) pair;
        cases.add(
            new Case((List<?>) argumentsAndExpected.get(0), argumentsAndExpected.get(1)));
      }
      for (Object method : (List<?>) task.get("methods")) {
        candidates.add(new Candidate((String) method, signature, cases));
      }
    }
    compiler.compile(candidates);
    runner.run(candidates, timeoutMillis, maxStuck);
    List<Object> verdicts = new ArrayList<>();
    for (Candidate candidate : candidates) {
      Verdict verdict = candidate.verdict();
      verdicts.add(
          verdict == null
              ? List.of("undecided", "")
              : List.of(verdict.kind().wireName(), verdict.detail()));
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("verdicts", verdicts);
    answer.put("stuck_threads", runner.stuckThreads());
    return Json.write(answer);
  }
}
