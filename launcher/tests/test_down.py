import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from eventually import eventually

from launcher import children, up
from launcher.settings import Ports, Settings

# A launcher on its way out: its pid file goes first, the process half a second later.
SLOW_TO_END = f"""
import os, signal, sys, time
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from launcher import children
run = Path(sys.argv[1])
def end(*_):
    (run / "launcher.pid").unlink()
    time.sleep(0.5)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
children.write_pid(run, "launcher", os.getpid())
while True:
    signal.pause()
"""


def test_down_returns_when_the_launcher_itself_is_gone(tmp_path: Path):
    settings = Settings(home=tmp_path, ports=Ports())
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_END, str(settings.run)]) as launcher:
        pid_file = settings.run / up.SUPERVISOR_PID
        eventually("the launcher wrote its pid", lambda: children.living(pid_file) == launcher.pid)
        up.down(settings)
        still_there = children.start_time(launcher.pid) is not None
        launcher.kill()
    assert not still_there
