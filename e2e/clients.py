"""The official clients in three languages, each a program of its own that sends one request with its default retries."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from own_stack import build, jdk

FOLDER = Path(__file__).parent
PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Failure:
    """What the client raised or threw."""

    kind: str  # name of the class
    ours: bool  # whether it is of the client's own classes
    code: str | None
    message: str


@dataclass(frozen=True)
class Seen:
    text: str
    tokens: int | None  # of output, as the answer's usage has them; None for a stream
    failure: Failure | None


class Client:
    """A program that is ready to send."""

    def __init__(self, process: "subprocess.Popen[str]"):
        self._process = process
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    def send(self) -> "Client":
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self

    def killed(self) -> bool:
        """Waits for its end, and tells whether it was one by kill -9."""
        self._process.communicate(timeout=PATIENCE_SECONDS)
        return self._process.returncode == -signal.SIGKILL

    def seen(self) -> Seen:
        """Waits for its end."""
        said, complaints = self._process.communicate(timeout=PATIENCE_SECONDS)
        assert self._process.returncode == 0, complaints
        told = json.loads(said.splitlines()[-1])
        error = told.get("error")  # openai-java's JSON leaves nulls out
        failure = error and Failure(error["class"], error["ours"], error.get("code"), error["message"])
        return Seen(told["text"], told.get("tokens"), failure)


def start(language: str, base_url: str, api_key: str, body: dict[str, Any], *, fault: str = "", idempotency_key: str = "", timeout_seconds: int = 600) -> Client:
    """Of one POST /v1/completions; `fault`: arguments of kill(1), done after a stream's first text. The program has a process group of its own."""
    environment = {
        "SEEDBED_BASE_URL": base_url,
        "SEEDBED_API_KEY": api_key,
        "SEEDBED_REQUEST": json.dumps(body),
        "SEEDBED_FAULT": fault,
        "SEEDBED_IDEMPOTENCY_KEY": idempotency_key,
        "SEEDBED_TIMEOUT_SECONDS": str(timeout_seconds),
    }
    command = PROGRAMS[language]()
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return Client(subprocess.Popen(command, cwd=FOLDER, env=os.environ | environment, text=True, start_new_session=True, **pipes))


def python() -> list[str]:
    return [sys.executable, "one_request.py"]


@cache
def node() -> list[str]:
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER / "node", check=True, capture_output=True)
    return ["node", "node/one_request.js"]


@cache
def java() -> list[str]:
    class_path = FOLDER / "target" / "class-path"
    log = FOLDER / "target" / "build.log"
    build.maven(log, "-pl", "e2e", "-Pe2e", "test-compile", "dependency:build-classpath", f"-Dmdep.outputFile={class_path}", "-Dmdep.includeScope=test")
    home = jdk.find()
    assert home is not None
    return [str(home / "bin" / "java"), "-cp", f"{FOLDER / 'target' / 'test-classes'}:{class_path.read_text()}", "dev.seedbed.e2e.OneRequest"]


PROGRAMS: dict[str, Callable[[], list[str]]] = {"python": python, "node": node, "java": java}
