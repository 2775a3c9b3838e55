import sys
from pathlib import Path

import pytest

from launcher.children import ProcessSpec
from launcher.screen import LauncherError
from launcher.supervisor import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path):
    made = Supervisor(tmp_path / "logs", tmp_path / "run")
    yield made
    made.stop_all()


def test_a_process_that_dies_before_it_is_ready_shows_its_log(supervisor: Supervisor):
    supervisor.start(ProcessSpec("short", [sys.executable, "-c", "print('no such table'); raise SystemExit(7)"], ready=lambda: False))
    with pytest.raises(LauncherError, match="(?s)short ended while starting: exit code 7.*no such table"):
        supervisor.wait_ready("short", 60)


def test_a_process_that_never_becomes_ready_is_an_error(supervisor: Supervisor):
    supervisor.start(ProcessSpec("slow", [sys.executable, "-c", "import time; time.sleep(600)"], ready=lambda: False))
    with pytest.raises(LauncherError, match="slow is not ready after"):
        supervisor.wait_ready("slow", 0.2)
