import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from eventually import eventually

from launcher import children
from launcher.children import ProcessSpec

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper(tmp_path: Path):
    spec = ProcessSpec("sleeper", SLEEPER, ready=lambda: True)
    process = children.spawn(spec, tmp_path / "log", tmp_path)
    yield spec, process
    children.stop(spec, process, tmp_path)


def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path):
    program = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from launcher import children
spec = children.ProcessSpec("child", {SLEEPER!r}, ready=lambda: True)
print(children.spawn(spec, Path({str(tmp_path / "log")!r}), Path({str(tmp_path)!r})).pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        assert children.start_time(child) is not None
        parent.kill()
    eventually("the child is gone", lambda: children.start_time(child) is None)


def test_stop_ends_the_whole_process_group(tmp_path: Path):
    script = f"{sys.executable} -c 'import time; time.sleep(600)' & echo $!; wait"
    spec = ProcessSpec("family", ["/bin/sh", "-c", script], ready=lambda: True)
    process = children.spawn(spec, tmp_path / "log", tmp_path)
    eventually("the shell says its child's pid", lambda: (tmp_path / "log").read_text().strip())
    grandchild = int((tmp_path / "log").read_text())
    children.stop(spec, process, tmp_path)
    assert process.poll() is not None
    eventually("the grandchild is gone", lambda: children.start_time(grandchild) is None)
    assert not (tmp_path / "family.pid").exists()


def test_stop_kills_what_ignores_its_signal(tmp_path: Path):
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    spec = ProcessSpec("deaf", [sys.executable, "-c", program], ready=lambda: True, stop_seconds=0.1)
    process = children.spawn(spec, tmp_path / "log", tmp_path)
    eventually("it ignores the signal", lambda: "deaf" in (tmp_path / "log").read_text())
    children.stop(spec, process, tmp_path)
    assert process.returncode == -signal.SIGKILL


def test_reap_ends_a_process_that_an_earlier_run_left(sleeper, tmp_path: Path):
    _, process = sleeper
    # Reaps the zombie in time, as init would for a real leftover.
    signal.signal(signal.SIGCHLD, lambda *_: process.poll())
    try:
        assert children.reap(tmp_path / "sleeper.pid")
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    assert children.start_time(process.pid) is None
    assert not (tmp_path / "sleeper.pid").exists()


def test_reap_leaves_a_process_alone_that_only_reuses_the_pid(sleeper, tmp_path: Path):
    _, process = sleeper
    stale = tmp_path / "stale.pid"
    stale.write_text(json.dumps({"pid": process.pid, "start_time": children.start_time(process.pid) - 1}))
    assert children.living(stale) is None
    assert not children.reap(stale)
    assert process.poll() is None
    assert not stale.exists()


@pytest.mark.parametrize("text", ["", "{", "no json"])
def test_an_unreadable_pid_file_names_no_process(text: str, tmp_path: Path):
    (tmp_path / "broken.pid").write_text(text)
    assert children.living(tmp_path / "broken.pid") is None


def test_a_zombie_does_not_count_as_living():
    process = subprocess.Popen(["/bin/true"])
    eventually("it is a zombie", lambda: children.start_time(process.pid) is None)
    assert Path(f"/proc/{process.pid}").exists()
    process.wait()


def test_an_exit_is_described_by_code_or_signal():
    assert children.describe_exit(3) == "exit code 3"
    assert children.describe_exit(-9) == "killed by SIGKILL"


def test_a_child_gets_the_added_environment_and_a_session_of_its_own(tmp_path: Path):
    program = "import os; print(os.environ['COLOUR'], os.getsid(0) == os.getpid())"
    spec = ProcessSpec("report", [sys.executable, "-c", program], ready=lambda: True, env={"COLOUR": "green"})
    process = children.spawn(spec, tmp_path / "log", tmp_path)
    process.wait()
    assert (tmp_path / "log").read_text() == "green True\n"
    assert "COLOUR" not in os.environ
