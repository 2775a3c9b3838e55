"""The Python environment of the tests and the measurements, made from pinned requirement files."""

import hashlib
import sys
from pathlib import Path

from launcher.build import run_logged
from launcher.screen import step
from launcher.settings import ROOT, Settings

REQUIREMENTS = ("training/requirements.txt", "triton-models/requirements-test.txt", "e2e/requirements.txt")


def wanted_digest(requirements: tuple[Path, ...]) -> str:
    total = hashlib.sha256(sys.version.encode())
    for file in requirements:
        total.update(file.read_bytes())
    return total.hexdigest()


def python(settings: Settings) -> Path:
    """Interpreter of the environment, which is installed when it is missing or its requirements changed."""
    home = settings.build_home / "venv"
    stamp = home / "requirements.sha256"
    files = tuple(ROOT / name for name in REQUIREMENTS)
    wanted = wanted_digest(files)
    interpreter = home / "bin" / "python"
    if interpreter.exists() and stamp.exists() and stamp.read_text() == wanted:
        return interpreter
    log = settings.build_home / "logs" / "build-venv.log"
    with step("install the Python packages", log):
        if not interpreter.exists():
            run_logged([sys.executable, "-m", "venv", str(home)], log)
        # One call, so that the files are resolved together and a contradiction between them is an error.
        run_logged([str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", *(part for file in files for part in ("-r", str(file)))], log)
    stamp.write_text(wanted)
    return interpreter
