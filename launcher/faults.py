"""`faults`: what holds while replicas and the database are taken away, on a stack of its own. Minutes long, so not among the tests."""

import argparse
import os
import subprocess
from pathlib import Path

from launcher import old_version, up, venv
from launcher.build import java_env
from launcher.screen import LauncherError, say
from launcher.settings import ROOT, Settings


def faults(settings: Settings, options: argparse.Namespace) -> int:
    up.prepare(settings)
    name = options.scenario if options.durability == "strict" else f"{options.scenario}-{options.durability}"
    out = Path(options.out) if options.out else ROOT / "docs" / "results" / f"faults-{name}.json"
    command = [
        venv.python(settings),
        ROOT / "e2e" / "faults.py",
        options.scenario,
        f"--home={settings.build_home / 'faults'}",
        f"--out={out}",
    ]
    command += [f"--{name}={getattr(options, name)}" for name in ("requests", "budget", "durability", "kills", "times", "rolls")]
    if options.scenario == "versions":
        old = old_version.control_plane(settings, options.old)
        command += [f"--old-commit={old.commit}", f"--old-subject={old.subject}", f"--old-jar={old.jar}"]
    if subprocess.run([str(part) for part in command], env=os.environ | java_env(), check=False).returncode != 0:
        raise LauncherError(f"faults {options.scenario}: something did not hold, see above")
    say(f"all of it held; written to {os.path.relpath(out)}")
    return 0
