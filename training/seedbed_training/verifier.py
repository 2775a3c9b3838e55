"""Client of the Java verifier: compiles and runs candidate methods in one JVM."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MIN_JDK = 25
MAX_STUCK_THREADS = 4
_SOURCES = Path(__file__).resolve().parent.parent / "verifier" / "src"
KINDS = ("pass", "wrong", "does_not_compile", "timeout", "exception")


@dataclass(frozen=True)
class Verdict:
    """`kind` is one of `KINDS`; `detail` says what happened and is empty for a pass."""

    kind: str
    detail: str

    @property
    def passed(self) -> bool:
        """True if every case gave exactly the expected value."""
        return self.kind == "pass"


@dataclass(frozen=True)
class Task:
    """Methods with one signature, judged on the same cases.

    `types` and `returns`: Java types among int, boolean, char, String, int[], List<Integer> and
    List<String>. `cases`: (arguments, expected value) pairs as plain Python values. `methods`: the
    whole text of a static method named `f`, from the Javadoc or signature to its closing brace.
    """

    types: Sequence[str]
    returns: str
    cases: Sequence[tuple[list, object]]
    methods: Sequence[str]


class NoJdkError(RuntimeError):
    """No JDK of the needed version was found."""


def find_jdk() -> Path:
    """The home of a JDK ≥ 25: JAVA_HOME, then /usr/lib/jvm, then the one on PATH.

    Raises NoJdkError naming what was found instead.
    """
    candidates = [os.environ.get("JAVA_HOME", "")]
    candidates += sorted(glob.glob("/usr/lib/jvm/*"), reverse=True)
    on_path = shutil.which("javac")
    if on_path:
        candidates.append(str(Path(on_path).resolve().parent.parent))
    seen = []
    for home in candidates:
        if not home or not Path(home, "bin", "javac").exists():
            continue
        with contextlib.suppress(OSError):
            release = Path(home, "release").read_text()
            version = re.search(r'JAVA_VERSION="(\d+)', release)
            if version and int(version[1]) >= MIN_JDK:
                return Path(home)
            seen.append(f"{home} ({version[1] if version else 'version unknown'})")
    raise NoJdkError(
        f"no JDK >= {MIN_JDK} (looked at JAVA_HOME, /usr/lib/jvm and PATH; found: "
        f"{', '.join(seen) or 'none'}); install one, e.g. temurin-25-jdk, or set JAVA_HOME"
    )


def _single(task: Task, method: str) -> Task:
    return Task(task.types, task.returns, task.cases, [method])


class Verifier:
    """One JVM that judges batches; a context manager. Not safe for use by several threads.

    The JVM is started on first use, restarted when too many candidates hang in it, and when a
    candidate ends it (`System.exit`), in which case the batch is judged one by one.
    """

    def __init__(self, timeout_ms: int = 1000, heap: str = "768m") -> None:
        """`timeout_ms`: processor time for all cases of one candidate, in milliseconds."""
        if timeout_ms <= 0:
            raise ValueError(f"timeout_ms: {timeout_ms} (expected: more than 0)")
        self._timeout_ms = timeout_ms
        self._heap = heap
        self._classes: tempfile.TemporaryDirectory | None = None
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the JVM and removes the compiled verifier."""
        self._stop()
        if self._classes:
            self._classes.cleanup()
            self._classes = None

    def judge(self, tasks: Sequence[Task]) -> list[list[Verdict]]:
        """One list of verdicts per task, in order; one bad candidate does not touch the others."""
        answer = self._exchange(tasks)
        if answer is None:
            return self._judge_one_by_one(tasks)
        if answer["stuck_threads"] >= MAX_STUCK_THREADS:
            self._stop()
        given = iter(Verdict(kind, detail) for kind, detail in answer["verdicts"])
        verdicts = [[next(given) for _ in task.methods] for task in tasks]
        open_ = [
            (i, j)
            for i, row in enumerate(verdicts)
            for j, v in enumerate(row)
            if v.kind == "undecided"
        ]
        if open_:
            # Each round decides at least MAX_STUCK_THREADS methods, so this ends.
            again = self.judge([_single(tasks[i], tasks[i].methods[j]) for i, j in open_])
            for (i, j), (verdict,) in zip(open_, again, strict=True):
                verdicts[i][j] = verdict
        return verdicts

    def _judge_one_by_one(self, tasks: Sequence[Task]) -> list[list[Verdict]]:
        judged = []
        for task in tasks:
            judged.append([])
            for method in task.methods:
                answer = self._exchange([_single(task, method)])
                if answer is None:
                    judged[-1].append(Verdict("exception", "the candidate ended the JVM"))
                else:
                    judged[-1].append(Verdict(*answer["verdicts"][0]))
        return judged

    def _exchange(self, tasks: Sequence[Task]) -> dict | None:
        """The JVM's answer, or None if the JVM died over it."""
        process = self._started()
        request = json.dumps(
            {
                "timeout_ms": self._timeout_ms,
                "max_stuck": MAX_STUCK_THREADS,
                "tasks": [
                    {
                        "types": list(t.types),
                        "returns": t.returns,
                        "cases": list(t.cases),
                        "methods": list(t.methods),
                    }
                    for t in tasks
                ],
            }
        )
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            self._stop()
            return None
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(f"verifier refused the request: {answer['error']}")
        return answer

    def _started(self) -> subprocess.Popen:
        if self._process is None:
            java_home = find_jdk()
            if self._classes is None:
                self._classes = tempfile.TemporaryDirectory(prefix="seedbed-verifier-")
                sources = sorted(str(p) for p in _SOURCES.rglob("*.java"))
                subprocess.run(
                    [java_home / "bin" / "javac", "-nowarn", "-d", self._classes.name, *sources],
                    check=True,
                )
            self._process = subprocess.Popen(
                [
                    java_home / "bin" / "java",
                    f"-Xmx{self._heap}",
                    "-XX:+UseSerialGC",
                    # Each method runs a dozen times only: native reflection and the first compiler
                    # tier cost least.
                    "-Xss2m",
                    "-Djdk.reflect.useNativeAccessorOnly=true",
                    "-XX:TieredStopAtLevel=1",
                    "-Xshare:auto",
                    "-cp",
                    self._classes.name,
                    "dev.seedbed.verifier.Verifier",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process = None
