"""The Python environments of the tests and the measurements, made from pinned requirement files."""

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
    return installed(settings, "venv", REQUIREMENTS, "install the Python packages") / "bin" / "python"


def litellm(settings: Settings) -> Path:
    """Folder of LiteLLM's own environment: its pins contradict ours."""
    return installed(settings, "litellm", ("e2e/requirements-litellm.txt",), "install LiteLLM's proxy")


def installed(settings: Settings, name: str, requirements: tuple[str, ...], title: str) -> Path:
    home = settings.build_home / name
    stamp = home / "requirements.sha256"
    files = tuple(ROOT / requirement for requirement in requirements)
    wanted = wanted_digest(files)
    interpreter = home / "bin" / "python"
    if interpreter.exists() and stamp.exists() and stamp.read_text() == wanted:
        return home
    log = settings.build_home / "logs" / f"build-{name}.log"
    with step(title, log):
        if not interpreter.exists():
            run_logged([sys.executable, "-m", "venv", str(home)], log)
        # One call, so that the files are resolved together and a contradiction between them is an error.
        run_logged([str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", *(part for file in files for part in ("-r", str(file)))], log)
    stamp.write_text(wanted)
    return home
