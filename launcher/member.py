"""One process of a stack under test, which a test kills, stops for a while, takes away and brings back."""

import os
import signal
import subprocess
import time
from pathlib import Path

from launcher import children
from launcher.children import ProcessSpec
from launcher.screen import LauncherError, tail

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Member:
    """Nobody restarts it but its owner. `start` belongs into the main thread: the parent-death signal is bound to the thread that started a child."""

    def __init__(self, spec: ProcessSpec, logs: Path, run: Path):
        self.spec = spec
        self.log = logs / f"{spec.name}.log"
        self._run = run
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def pid(self) -> int:
        if self._process is None or self._process.poll() is not None:
            raise LauncherError(f"{self.name} does not run", self.log)
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.is_alive():
            raise LauncherError(f"{self.name} runs already (pid {self.pid})")
        self._process = children.spawn(self.spec, self.log, self._run)

    def wait_ready(self, timeout_seconds: float = 300) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not self.spec.ready():
            if not self.is_alive():
                raise LauncherError(f"{self.name} ended while starting\n{tail(self.log)}", self.log)
            if time.monotonic() > deadline:
                raise LauncherError(f"{self.name} is not ready after {timeout_seconds:.0f} s\n{tail(self.log)}", self.log)
            time.sleep(0.05)

    def restart(self) -> None:
        """Starts it, and waits until it is ready."""
        self.start()
        self.wait_ready()

    def kill(self) -> None:
        """kill -9; it is gone afterwards."""
        os.kill(self.pid, signal.SIGKILL)
        self._wait()

    def pause(self) -> None:
        """SIGSTOP: it holds its connections and locks, and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def begin_stop(self) -> None:
        """Asks it to end, as an orchestrator does; it may finish what it has open."""
        os.kill(self.pid, self.spec.stop_signal)

    def wait_stopped(self, timeout_seconds: float = 60) -> None:
        """Waits for the end that `begin_stop` asked for; one that does not come is an error."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as late:
            raise LauncherError(f"{self.name} did not end within {timeout_seconds:.0f} s of being asked\n{tail(self.log)}", self.log) from late
        (self._run / f"{self.name}.pid").unlink(missing_ok=True)

    def end(self) -> None:
        """Politely, then by force; also one that is paused, dead or was never started."""
        if self._process is None:
            return
        if self.is_alive():
            os.kill(self._process.pid, signal.SIGCONT)
        children.stop(self.spec, self._process, self._run)
        self._process = None

    def _wait(self) -> None:
        if self._process is not None:
            self._process.wait()
        (self._run / f"{self.name}.pid").unlink(missing_ok=True)


def cpu_seconds(pid: int) -> float:
    """User and system time since its start, of all its threads and of children that it has waited for."""
    return seconds_in(Path(f"/proc/{pid}/stat").read_text())


def seconds_in(stat: str) -> float:
    fields = stat[stat.rindex(")") + 2 :].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS_PER_SECOND


def tree_cpu_seconds(pid: int) -> float:
    """Of the process, its living descendants and those that were waited for."""
    return cpu_seconds(pid) + sum(cpu_seconds_if_living(child) for child in children_of(pid))


def cpu_seconds_if_living(pid: int) -> float:
    """As `tree_cpu_seconds`; of one that has just ended nothing, since its parent's next figure has it."""
    try:
        return tree_cpu_seconds(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def compiler_seconds(pid: int) -> float:
    """CPU time of a JVM's compiler threads so far; 0 of any other process."""
    total = 0.0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            if "CompilerThre" in (thread / "comm").read_text():
                total += seconds_in((thread / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended: the JVM keeps no more of them than it needs
    return total


def children_of(pid: int) -> list[int]:
    """Its living child processes."""
    return [int(child) for thread in Path(f"/proc/{pid}/task").iterdir() for child in (thread / "children").read_text().split()]
