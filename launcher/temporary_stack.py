"""A stack beside the user's own: another home, free ports, a copy of the model repository. Tests and measurements run on it."""

import os
import random
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path

from launcher import children
from launcher.build import run_logged
from launcher.screen import LauncherError
from launcher.settings import ROOT, Ports, Settings

SEEDBED = ROOT / "seedbed"


# Below the range from which Linux takes ports for outgoing connections: one of these would be in the way between choice and use.
CHOICE = range(20_000, 32_000)


def free_ports() -> Ports:
    """Ports that nobody listens on now; another process may still take one before the stack does."""
    return Ports(*free_numbers(len(fields(Ports))))


def free_numbers(count: int) -> list[int]:
    """As many different ports."""
    with ExitStack() as held:
        numbers: list[int] = []
        for number in random.sample(CHOICE, len(CHOICE)):
            if len(numbers) == count:
                return numbers
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            numbers.append(number)
    raise LauncherError(f"no free ports between {CHOICE.start} and {CHOICE.stop}")


class TemporaryStack:
    """Made anew below `home`, which it owns; `up` may follow `down`, with the same ports and data."""

    def __init__(self, home: Path, *options: str):
        """`options` are of `up`, beside those that make it a stack of its own."""
        self.options = options
        self.home = home.resolve()
        self.ports = free_ports()
        self.repository = self.home / "repository"
        self.log = self.home / "logs" / "commands.log"
        self._env = {"SEEDBED_HOME": str(self.home)}
        if self.home.exists():
            self.down()  # an interrupted run may have left its processes behind
            shutil.rmtree(self.home)
        shutil.copytree(Settings(home=self.home, ports=self.ports).model_repository, self.repository)

    def up(self) -> dict[str, str]:
        """Starts everything and returns what a client must know, in demo.env's names and two more."""
        self._run("up", "--detach", f"--model-repository={self.repository}", *self.ports.options(), *self.options)
        return self.environment()

    def down(self) -> None:
        self._run("down")

    def environment(self) -> dict[str, str]:
        lines = (self.home / "demo.env").read_text().splitlines()
        more = {"TRITON_METRICS": f"127.0.0.1:{self.ports.triton_metrics}", "SEEDBED_MODEL_REPOSITORY": str(self.repository), "SEEDBED_POSTGRES_PORT": str(self.ports.postgres), "SEEDBED_ADAPTER_MANAGEMENT": f"127.0.0.1:{self.ports.adapter_management}"}
        return self._env | more | dict(line.split("=", 1) for line in lines if line)

    def pid(self, name: str) -> int | None:
        """Of the living process of that name (`launcher`, `triton`, `control-plane`, ...)."""
        return children.living(self.home / "run" / f"{name}.pid")

    def kill(self, name: str) -> None:
        """kill -9 of one process."""
        pid = self.pid(name)
        if pid is None:
            raise LauncherError(f"{name} does not run")
        os.kill(pid, signal.SIGKILL)

    def survivors(self) -> list[str]:
        """Command lines of all processes that were started for this stack and still live: they inherit SEEDBED_HOME."""
        mark = f"SEEDBED_HOME={self.home}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                ours = mark in (process / "environ").read_bytes().split(b"\0")
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it ended meanwhile, or is another user's
            if ours and children.start_time(int(process.name)) is not None:
                found.append(f"{process.name} {command[:200]}")
        return found

    def _run(self, *arguments: str) -> None:
        run_logged([sys.executable, str(SEEDBED), *arguments], self.log, self._env)


@contextmanager
def running(home: Path) -> Iterator[TemporaryStack]:
    """A stack that is up; afterwards it is down, and a process that survived is an error."""
    stack = TemporaryStack(home)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
    if survivors := stack.survivors():
        raise LauncherError("processes survived `down`:\n" + "\n".join(survivors))
