package dev.seedbed.verifier;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles many candidates in one javac task. First each group shares one source file, a nested
 * class per candidate, because the imports are then resolved once and that is most of the work; a
 * group with any error is compiled again with a file and a package per candidate, so that no
 * candidate can harm another. Used by one thread.
 */
final class MethodCompiler {
  private static final String IMPORTS =
      "import java.util.*;import java.util.function.*;import java.util.stream.*;\n";
  private static final int GROUP = 100;
  private static final List<String> OPTIONS =
      List.of("-proc:none", "-nowarn", "-implicit:none", "-g:none", "-XDstringConcat=inline");

  private final JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
  private final StandardJavaFileManager platform = javac.getStandardFileManager(null, null, null);

  /** Gives each candidate its classes, or the verdict that it does not compile. */
  void compile(List<Candidate> candidates) {
    for (int from = 0; from < candidates.size(); from += GROUP) {
      List<Candidate> group =
          candidates.subList(from, Math.min(candidates.size(), from + GROUP));
      if (!compileTogether(group)) {
        compileApart(group);
      }
    }
  }

  private boolean compileTogether(List<Candidate> group) {
    StringBuilder text = new StringBuilder("package p;").append(IMPORTS).append("class Group {\n");
    for (int i = 0; i < group.size(); i++) {
      Candidate candidate = group.get(i);
      candidate.classes = new HashMap<>();
      candidate.className = "p.Group$C" + i;
      text.append("static class C").append(i).append(" {\n").append(candidate.source);
      text.append("\n}\n");
    }
    text.append("}\n");
    Unit unit = new Unit("p/Group", text.toString(), null);
    try (MemoryFiles files = new MemoryFiles(platform, (name, code) -> keep(group, name, code))) {
      DiagnosticCollector<JavaFileObject> ignored = new DiagnosticCollector<>();
      return javac
          .getTask(new StringWriter(), files, ignored, OPTIONS, null, List.of(unit))
          .call();
    } catch (RuntimeException | StackOverflowError crash) {
      return false;
    }
  }

  /** Gives a class file to the candidate whose nested class it is or lies in. */
  private static void keep(List<Candidate> group, String className, byte[] code) {
    String prefix = "p.Group$C";
    if (!className.startsWith(prefix)) {
      return;
    }
    int end = prefix.length();
    while (end < className.length() && Character.isDigit(className.charAt(end))) {
      end++;
    }
    int number = Integer.parseInt(className.substring(prefix.length(), end));
    group.get(number).classes.put(className, code);
  }

  private void compileApart(List<Candidate> candidates) {
    List<Candidate> open = new ArrayList<>(candidates);
    while (!open.isEmpty()) {
      Map<Candidate, String> errors = compileOnce(open);
      if (errors.isEmpty()) {
        return;
      }
      errors.forEach(
          (candidate, text) ->
              candidate.decide(new Verdict(Verdict.Kind.DOES_NOT_COMPILE, text)));
      open.removeIf(Candidate::isDecided);
    }
  }

  /** First error per candidate; when empty, every candidate has its classes. */
  private Map<Candidate, String> compileOnce(List<Candidate> candidates) {
    List<Unit> units = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      Candidate candidate = candidates.get(i);
      candidate.classes = new HashMap<>();
      candidate.className = "p" + i + ".C";
      String text = "package p" + i + ";" + IMPORTS + "class C {\n" + candidate.source + "\n}\n";
      units.add(new Unit("p" + i + "/C", text, candidate));
    }
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    Map<Candidate, String> errors = new HashMap<>();
    boolean done;
    try (MemoryFiles files =
        new MemoryFiles(platform, (name, code) -> keepApart(candidates, name, code))) {
      done = javac.getTask(new StringWriter(), files, diagnostics, OPTIONS, null, units).call();
    } catch (RuntimeException | StackOverflowError crash) {
      return isolateCrash(candidates, crash);
    }
    for (Diagnostic<? extends JavaFileObject> diagnostic : diagnostics.getDiagnostics()) {
      if (diagnostic.getKind() == Diagnostic.Kind.ERROR
          && diagnostic.getSource() instanceof Unit unit) {
        String text = "line " + (diagnostic.getLineNumber() - 2) + ": ";
        errors.putIfAbsent(unit.candidate, text + diagnostic.getMessage(java.util.Locale.ROOT));
      }
    }
    if (!done && errors.isEmpty()) {
      return isolateCrash(candidates, new IllegalStateException("javac failed without saying why"));
    }
    return errors;
  }

  private static void keepApart(List<Candidate> candidates, String className, byte[] code) {
    int number = Integer.parseInt(className.substring(1, className.indexOf('.')));
    candidates.get(number).classes.put(className, code);
  }

  /** A crash of the compiler names no culprit: candidates are compiled one by one. */
  private Map<Candidate, String> isolateCrash(List<Candidate> candidates, Throwable crash) {
    if (candidates.size() == 1) {
      return Map.of(candidates.getFirst(), "compiler failed: " + crash);
    }
    Map<Candidate, String> errors = new HashMap<>();
    for (Candidate candidate : candidates) {
      errors.putAll(compileOnce(List.of(candidate)));
    }
    return errors;
  }

  /** A source file; {@code candidate} is null where several candidates share it. */
  private static final class Unit extends SimpleJavaFileObject {
    private final Candidate candidate;
    private final String text;

    Unit(String path, String text, Candidate candidate) {
      super(URI.create("string:///" + path + ".java"), Kind.SOURCE);
      this.candidate = candidate;
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** Hands each class file over in memory. */
  private static final class MemoryFiles extends ForwardingJavaFileManager<JavaFileManager> {
    private final BiConsumer<String, byte[]> keeper;

    MemoryFiles(JavaFileManager platform, BiConsumer<String, byte[]> keeper) {
      super(platform);
      this.keeper = keeper;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + className + ".class"), kind) {
        @Override
        public OutputStream openOutputStream() {
          return new ByteArrayOutputStream() {
            @Override
            public void close() {
              keeper.accept(className, toByteArray());
            }
          };
        }
      };
    }

    @Override
    public void close() {
      // The platform's file manager is shared by every task: opening it is the slow part.
    }
  }
}
