"""Finds a JDK that is new enough."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

MINIMUM = 25


def version_of(home: Path) -> int | None:
    """Feature version of the JDK in `home`; None when there is no JDK (a compiler is needed)."""
    java = home / "bin" / "java"
    if not java.exists() or not (home / "bin" / "javac").exists():
        return None
    release = home / "release"
    text = release.read_text(errors="replace") if release.exists() else ""
    found = re.search(r'JAVA_VERSION="(\d+)', text)
    if not found:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
        found = re.search(r'version "(\d+)', shown)
    return int(found.group(1)) if found else None


def candidates() -> list[Path]:
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    for parent in (Path("/usr/lib/jvm"), Path("/opt"), Path.home() / ".sdkman/candidates/java", Path.home() / ".jdks"):
        if parent.is_dir():
            homes += sorted(path for path in parent.iterdir() if path.is_dir())
    if java := shutil.which("javac"):
        homes.append(Path(java).resolve().parent.parent)
    return homes


@cache
def find() -> Path | None:
    """Home of the first JDK >= 25, JAVA_HOME first; None if there is none."""
    for home in candidates():
        version = version_of(home)
        if version is not None and version >= MINIMUM:
            return home.resolve()
    return None
