import os
import signal
import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from eventually import eventually

from launcher import children

PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from launcher.children import ProcessSpec
from launcher.supervisor import Stopped, Supervisor
home = Path({home!r})
supervisor = Supervisor(home / "logs", home / "run")
supervisor.install_signal_handlers()
try:
    supervisor.start(ProcessSpec("sleeper", {sleeper!r}, ready=lambda: True))
    supervisor.wait_ready("sleeper", 30)
    print("ready", flush=True)
    supervisor.watch()
except Stopped as stopped:
    print(stopped, flush=True)
finally:
    supervisor.stop_all()
"""
SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]


def start_supervisor(home: Path) -> subprocess.Popen:
    program = PROGRAM.format(root=str(ROOT), home=str(home), sleeper=SLEEPER)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    while process.stdout.readline().strip() != "ready":
        assert process.poll() is None
    return process


def test_a_child_that_dies_is_restarted_and_the_reason_is_said(tmp_path: Path):
    pid_file = tmp_path / "run" / "sleeper.pid"
    with start_supervisor(tmp_path) as supervisor:
        first = children.living(pid_file)
        os.kill(first, signal.SIGKILL)
        assert "sleeper died: killed by SIGKILL" in supervisor.stdout.readline()
        assert "sleeper restarted" in supervisor.stdout.readline()
        second = eventually("another process lives", lambda: children.living(pid_file))
        assert second != first
        supervisor.terminate()
    assert children.start_time(second) is None


def test_a_signal_stops_all_children(tmp_path: Path):
    with start_supervisor(tmp_path) as supervisor:
        child = children.living(tmp_path / "run" / "sleeper.pid")
        assert child is not None
        supervisor.send_signal(signal.SIGINT)
        assert "SIGINT" in supervisor.stdout.read()
    assert supervisor.returncode == 0
    assert children.start_time(child) is None


def test_children_do_not_survive_a_killed_supervisor(tmp_path: Path):
    with start_supervisor(tmp_path) as supervisor:
        child = children.living(tmp_path / "run" / "sleeper.pid")
        supervisor.kill()
    eventually("the child is gone", lambda: children.start_time(child) is None)
