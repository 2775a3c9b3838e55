import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from eventually import eventually

from launcher.children import ProcessSpec
from launcher.member import Member, tree_cpu_seconds
from launcher.replica_stack import overridden
from launcher.screen import LauncherError

SLEEPS = "import time; time.sleep(600)"
WORKS = "while True: pass"


@pytest.fixture
def members(tmp_path: Path) -> Iterator[list[Member]]:
    made: list[Member] = []
    yield made
    for member in made:
        member.end()


def member(members: list[Member], tmp_path: Path, program: str = SLEEPS) -> Member:
    spec = ProcessSpec("sleeper", [sys.executable, "-c", program], ready=lambda: True, stop_seconds=2)
    members.append(Member(spec, tmp_path / "logs", tmp_path / "run"))
    return members[-1]


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_killed_member_is_gone_and_comes_back_as_another_process(members: list[Member], tmp_path: Path):
    sleeper = member(members, tmp_path)
    sleeper.restart()
    first = sleeper.pid
    sleeper.kill()
    assert not sleeper.is_alive()
    assert not (tmp_path / "run" / "sleeper.pid").exists()
    sleeper.restart()
    assert sleeper.pid != first


def test_a_paused_member_lives_and_does_nothing_until_it_is_resumed(members: list[Member], tmp_path: Path):
    sleeper = member(members, tmp_path)
    sleeper.restart()
    sleeper.pause()
    eventually("it is stopped", lambda: state(sleeper.pid) == "T")
    assert sleeper.is_alive()
    sleeper.resume()
    eventually("it goes on", lambda: state(sleeper.pid) != "T")


def test_a_paused_member_can_be_ended(members: list[Member], tmp_path: Path):
    sleeper = member(members, tmp_path)
    sleeper.restart()
    pid = sleeper.pid
    sleeper.pause()
    sleeper.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_member_that_ignores_being_asked_to_end_is_an_error_that_names_it(members: list[Member], tmp_path: Path):
    stubborn = member(members, tmp_path, f"import signal, time; signal.signal({int(signal.SIGTERM)}, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)")
    stubborn.restart()
    eventually("it is deaf", lambda: "deaf" in stubborn.log.read_text())
    stubborn.begin_stop()
    with pytest.raises(LauncherError, match="sleeper did not end within 0 s"):
        stubborn.wait_stopped(timeout_seconds=0.2)


def test_a_member_runs_only_once_at_a_time(members: list[Member], tmp_path: Path):
    sleeper = member(members, tmp_path)
    sleeper.restart()
    with pytest.raises(LauncherError, match="sleeper runs already"):
        sleeper.start()


def test_the_work_of_children_counts(members: list[Member], tmp_path: Path):
    parent = member(members, tmp_path, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORKS!r}])")
    parent.restart()
    eventually("its child has worked", lambda: tree_cpu_seconds(parent.pid) > 0.3)
    os.killpg(parent.pid, signal.SIGKILL)


def test_an_option_replaces_that_of_the_same_name():
    argv = ["java", "-jar", "x.jar", "--a.b=1", "--c=2"]
    assert overridden(argv, ["--a.b=3", "--d=4"]) == ["java", "-jar", "x.jar", "--c=2", "--a.b=3", "--d=4"]
