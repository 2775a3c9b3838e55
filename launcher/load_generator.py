"""The load generator of testkit as a child: one process for all runs of a measurement, since a JVM's first runs are slow."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from launcher import jdk
from launcher.screen import LauncherError


@dataclass(frozen=True)
class Target:
    """What is called: an HTTP endpoint with one body, or an inference adapter (`grpc://host:port`)."""

    url: str
    stream: bool
    keys: tuple[str, ...] = ("none",)  # in turn
    body: str = ""
    model_version: str = ""

    def options(self) -> list[str]:
        if self.url.startswith("grpc:"):
            return [f"--target={self.url}", f"--model-version={self.model_version}", f"--stream={str(self.stream).lower()}"]
        return [f"--target={self.url}", f"--keys={','.join(self.keys)}", f"--body={self.body}"]


class LoadGenerator:
    def __init__(self, class_path: Sequence[Path], log: Path, prefix: Sequence[str] = ()):
        """`prefix` goes before the command, for example to pin it to a core."""
        home = jdk.find()
        if home is None:
            raise LauncherError("no JDK >= 25 found: ./seedbed doctor says how to install one")
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [*prefix, str(home / "bin" / "java"), "-XX:+UseSerialGC", "-Xmx512m", "-cp", ":".join(map(str, class_path)), "dev.seedbed.testkit.paced.LoadGenerator"]
        with log.open("ab") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)

    def open(self, target: Target, per_second: float, seconds: float) -> dict[str, Any]:
        """Calls begin at random moments, so many a second, whether or not earlier ones were answered."""
        return self._run(target, f"--rate={per_second}", seconds)

    def closed(self, target: Target, concurrency: int, seconds: float) -> dict[str, Any]:
        """So many calls at a time, each followed by the next."""
        return self._run(target, f"--concurrency={concurrency}", seconds)

    def _run(self, target: Target, how: str, seconds: float) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(*target.options(), how, f"--seconds={seconds}", sep="\t", file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise LauncherError("the load generator ended", self._log)
        return dict(json.loads(line))

    def __enter__(self) -> "LoadGenerator":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
