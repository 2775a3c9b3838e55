"""Keeps the processes of one stack alive: starts them in order, restarts what dies, stops them in reverse order."""

import signal
import subprocess
import time
from pathlib import Path
from types import FrameType

from launcher import children
from launcher.children import ProcessSpec
from launcher.screen import LauncherError, last_line, say, step, tail

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 10.0
STABLE_SECONDS = 30.0  # alive for so long: the next death counts as the first


class Stopped(BaseException):
    """A signal asked the launcher to stop."""


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise Stopped(signal.Signals(number).name)


class Supervisor:
    """Owns the children. Must run in the main thread: the parent-death signal is bound to the thread that started a child."""

    def __init__(self, logs: Path, run: Path):
        self._logs = logs
        self._run = run
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._specs: dict[str, ProcessSpec] = {}
        self._started: dict[str, float] = {}
        self._deaths: dict[str, int] = {}
        self._restart_at: dict[str, float] = {}

    def install_signal_handlers(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _raise_stopped)

    def start(self, spec: ProcessSpec) -> None:
        self._specs[spec.name] = spec
        self._children[spec.name] = children.spawn(spec, self._log(spec.name), self._run)
        self._started[spec.name] = time.monotonic()

    def wait_ready(self, name: str, timeout_seconds: float) -> None:
        """Waits until the process is ready; a process that dies first, or takes longer, is an error that shows its log."""
        spec = self._specs[name]
        with step(f"{name} is ready", self._log(name)):
            deadline = time.monotonic() + timeout_seconds
            while not spec.ready():
                code = self._children[name].poll()
                if code is not None:
                    raise LauncherError(f"{name} ended while starting: {children.describe_exit(code)}\n{tail(self._log(name))}", self._log(name))
                if time.monotonic() > deadline:
                    raise LauncherError(f"{name} is not ready after {timeout_seconds:.0f} s\n{tail(self._log(name))}", self._log(name))
                time.sleep(0.05)

    def watch(self) -> None:
        """Restarts children that die, until a signal stops the launcher."""
        while True:
            now = time.monotonic()
            for name, process in list(self._children.items()):
                code = process.poll()
                if code is None:
                    continue
                if name not in self._restart_at:
                    self._note_death(name, code, now)
                elif now >= self._restart_at[name]:
                    del self._restart_at[name]
                    self.start(self._specs[name])
                    say(f"{time.strftime('%H:%M:%S')} {name} restarted")
            time.sleep(0.05)

    def stop_all(self) -> None:
        for name in reversed(list(self._children)):
            children.stop(self._specs[name], self._children[name], self._run)
        self._children.clear()

    def _note_death(self, name: str, code: int, now: float) -> None:
        if now - self._started[name] > STABLE_SECONDS:
            self._deaths[name] = 0
        deaths = self._deaths.get(name, 0)
        self._deaths[name] = deaths + 1
        backoff = min(FIRST_BACKOFF_SECONDS * 2**deaths, LONGEST_BACKOFF_SECONDS)
        self._restart_at[name] = now + backoff
        say(f"{time.strftime('%H:%M:%S')} {name} died: {children.describe_exit(code)}; restart in {backoff:.1f} s; last line: {last_line(self._log(name))}")

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"
