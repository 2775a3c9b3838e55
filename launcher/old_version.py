"""The control plane of an earlier commit, built from its own sources below this checkout's build folder."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher import build
from launcher.screen import LauncherError, step
from launcher.settings import ROOT, Settings


@dataclass(frozen=True)
class OldVersion:
    commit: str
    subject: str  # of its commit
    jar: Path


def control_plane(settings: Settings, ref: str) -> OldVersion:
    """Built once for each commit. LauncherError: no such commit, or it does not build."""
    commit = git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    home = settings.build_home / "versions" / commit
    jar = home / "control-plane.jar"
    if not jar.exists():
        log = settings.build_home / "logs" / "build-old-version.log"
        with step(f"build the control plane of {commit[:12]}", log):
            sources = home / "sources"
            sources.mkdir(parents=True, exist_ok=True)
            # No git worktree: nothing in the repository has to know of it.
            archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
            subprocess.run(["tar", "-x"], cwd=sources, input=archive, check=True)
            command = [str(sources / "mvnw"), "--batch-mode", "-pl", "control-plane", "-am", "-Dmaven.test.skip=true", "package"]
            build.run_logged(command, log, build.java_env(), sources)
            build.jar("control-plane", sources).rename(jar)
    return OldVersion(commit, git("show", "--no-patch", "--format=%s", commit), jar)


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise LauncherError(f"git {' '.join(arguments)}: {done.stderr.strip() or 'not found'}")
    return done.stdout.strip()
