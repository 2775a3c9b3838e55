"""`train-report`: docs/training.md and its figures, from the recorded results."""

import os
import subprocess
from pathlib import Path

from launcher import venv
from launcher.screen import LauncherError, say
from launcher.settings import ROOT, Settings


def train_report(settings: Settings) -> int:
    write(venv.python(settings), ROOT / "docs")
    say(f"written: {os.path.relpath(ROOT / 'docs' / 'training.md')}")
    return 0


def write(interpreter: Path, docs: Path) -> None:
    """Reads `results` in the folder, and writes training.md and figures there."""
    command = [interpreter, ROOT / "training/scripts/train_report.py", f"--docs={docs}"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise LauncherError(f"the report was not written\n{done.stderr.strip()}")
