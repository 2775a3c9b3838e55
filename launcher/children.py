"""Child processes that never outlive their parent: parent-death signal, own session, pid file."""

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ProcessSpec:
    """How one process of the stack is started, known to be ready, and stopped."""

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool]
    env: dict[str, str] = field(default_factory=dict)  # added to the launcher's environment
    cwd: Path | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 8.0
    death_signal: int = signal.SIGKILL  # sent by the kernel when the launcher dies
    become: Callable[[], None] | None = None  # runs in the child before exec, for example to leave root


def start_time(pid: int) -> int | None:
    """Start of a process in clock ticks since boot: tells a process from a later one of the same pid. None: no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    after_name = text[text.rindex(")") + 2 :].split()
    return None if after_name[0] == "Z" else int(after_name[19])


def spawn(spec: ProcessSpec, log: Path, run: Path) -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own, its output appended to `log`, its pid in `run`."""
    parent = os.getpid()

    def prepare() -> None:
        if spec.become:
            spec.become()
        # After `become`: a change of identity clears the signal.
        _libc.prctl(PR_SET_PDEATHSIG, spec.death_signal)
        if os.getppid() != parent:
            os._exit(1)

    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(spec.argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **spec.env},
            cwd=spec.cwd,
            start_new_session=True,
            preexec_fn=prepare,
        )
    write_pid(run, spec.name, process.pid)
    return process


def write_pid(run: Path, name: str, pid: int) -> None:
    run.mkdir(parents=True, exist_ok=True)
    (run / f"{name}.pid").write_text(json.dumps({"pid": pid, "start_time": start_time(pid)}))


def living(pid_file: Path) -> int | None:
    """The pid in the file if that very process still lives."""
    try:
        entry = json.loads(pid_file.read_text())
    except (OSError, ValueError):
        return None
    return entry["pid"] if entry["start_time"] is not None and start_time(entry["pid"]) == entry["start_time"] else None


def reap(pid_file: Path, stop_seconds: float = 8.0) -> bool:
    """Ends the process group that an earlier launcher left behind; true if there was one."""
    pid = living(pid_file)
    if pid is not None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(pid, number)
            except ProcessLookupError:
                break
            deadline = time.monotonic() + stop_seconds
            while living(pid_file) is not None and time.monotonic() < deadline:
                time.sleep(0.05)
    pid_file.unlink(missing_ok=True)
    return pid is not None


def stop(spec: ProcessSpec, process: subprocess.Popen[bytes], run: Path) -> None:
    """Stops the process politely, then by force; the whole group is gone afterwards."""
    if process.poll() is None:
        process.send_signal(spec.stop_signal)
        try:
            process.wait(spec.stop_seconds)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    (run / f"{spec.name}.pid").unlink(missing_ok=True)


def describe_exit(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
