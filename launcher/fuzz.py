"""`fuzz`: requests made up from the OpenAPI pages, against a stack of its own."""

import argparse

from launcher import temporary_stack, up, venv
from launcher.build import run_logged
from launcher.screen import say, step
from launcher.settings import ROOT, Settings


def fuzz(settings: Settings, options: argparse.Namespace) -> int:
    """Tries /v1 and /admin/v1 for `options.seconds` each; LauncherError with what was found."""
    interpreter = venv.python(settings)
    up.prepare(settings)
    log = settings.build_home / "logs" / "fuzz.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    with temporary_stack.running(settings.build_home / "fuzz") as stack, step(f"schemathesis, {options.seconds} s for each surface", log):
        run_logged([str(interpreter), "fuzz.py", str(options.seconds)], log, stack.environment(), ROOT / "e2e")
    say("Every answer was as described, and none was a defect of the server.")
    return 0
